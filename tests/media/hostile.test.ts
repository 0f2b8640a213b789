import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RejectReason } from "@models/media-reasons";
import { describeTools } from "@media/ffmpeg";
import { describeSandbox } from "@media/sandbox";
import { requireKind, sniffFile } from "@media/sniff";
import { MediaRejected, type StageContext, type Used } from "@media/types";
import { encodeFirst, inspectVideo } from "@media/video";
import { cutTo, ffmpeg, makeVideo, openWorkplace, patch, setDeclaredSec, type Workplace } from "../support/video-clips";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
  // Asked once per process, so that no case is charged for it.
  describeSandbox();
  await describeTools();
});
afterEach(() => place.close());
// Programs run at low priority, and a busy machine lets them wait.
vi.setConfig({ testTimeout: 120_000 });

const CPU_SEC_MAX = 1;
const MEMORY_BYTES_MAX = 200 * 1024 * 1024;
/** Wall time is the machine's as much as ours, and the tests share it; CPU time is what is held to a second. */
const WALL_MS_MAX = 60_000;

interface Outcome extends Used {
  reason: RejectReason | "accepted";
}

/** What an upload goes through before anybody sees it, and what the programs for it used. */
async function judge(path: string): Promise<Outcome> {
  const used: Used = { cpuSec: 0, peakRssBytes: 0 };
  const onUse = (more: Used): void => {
    used.cpuSec += more.cpuSec;
    used.peakRssBytes = Math.max(used.peakRssBytes, more.peakRssBytes);
  };
  const startedAt = performance.now();
  const reason = await lookAt(path, { ...place.ctx, onUse });
  expect(performance.now() - startedAt).toBeLessThan(WALL_MS_MAX);
  return { reason, ...used };
}

async function lookAt(path: string, ctx: StageContext): Promise<Outcome["reason"]> {
  try {
    const sniffed = await sniffFile(path);
    requireKind(sniffed, path);
    await inspectVideo(path, sniffed, ctx);
    return "accepted";
  } catch (error) {
    if (error instanceof MediaRejected) return error.reason;
    throw error;
  }
}

type Case = [name: string, make: (dir: string) => Promise<string>, reason: RejectReason];

const file = (name: string, content: string | Buffer) => async (dir: string) => {
  await writeFile(join(dir, name), content);
  return join(dir, name);
};
const FTYP = Buffer.concat([Buffer.from([0, 0, 0, 20]), Buffer.from("ftypisom\0\0\0\x01isom", "latin1")]);

const CASES: Case[] = [
  ["nothing at all", file("a.mp4", ""), "empty"],
  ["a playlist that names itself", file("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.m3u8\n"), "type_not_allowed"],
  ["a playlist called mp4", file("a.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.mp4\n#EXT-X-ENDLIST\n"), "type_not_allowed"],
  ["a concat script", file("a.mp4", "ffconcat version 1.0\nfile /etc/passwd\n"), "type_not_allowed"],
  ["an MPEG-DASH manifest", file("a.mp4", '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>/etc/passwd</BaseURL></MPD>'), "type_not_allowed"],
  ["a session description", file("a.mp4", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"), "type_not_allowed"],
  ["a page", file("a.mp4", "<!doctype html><script>alert(1)</script>"), "type_not_allowed"],
  ["the first bytes of an MP4 and no more", file("a.mp4", FTYP), "corrupt"],
  ["an MP4 head on a playlist", file("a.mp4", Buffer.concat([FTYP, Buffer.from("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")])), "truncated"],
  ["a photo called mp4", (dir) => picture(dir, "a.mp4"), "type_mismatch"],
  ["a clip that lost its end, index first", (dir) => damaged(dir, ["-movflags", "+faststart"], (path) => cutTo(path, 0.5)), "truncated"],
  ["a clip that lost its end and its index", (dir) => damaged(dir, [], (path) => cutTo(path, 0.5)), "truncated"],
  ["an index that points at other bytes", (dir) => damaged(dir, [], shiftOffsets), "corrupt"],
  ["noise where the pictures were", (dir) => damaged(dir, [], (path) => patch(path, scramble)), "corrupt"],
  ["a WebM that lost its end", (dir) => cut(dir, "a.webm", ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"]), "truncated"],
  ["four minutes that call themselves one second", longClip, "too_long"],
  ["pictures of 8192 by 8192", (dir) => largePictures(dir, "a.mp4", ["-c:v", "libx264", "-preset", "ultrafast"]), "dimensions"],
  ["photos of 8192 by 8192", (dir) => largePictures(dir, "a.mov", ["-c:v", "mjpeg", "-q:v", "31", "-pix_fmt", "yuvj420p"]), "dimensions"],
  ["pictures of 4352 by 2448", (dir) => makeVideo(dir, { width: 4352, height: 2448, sec: 0.1, sound: null }), "dimensions"],
  ["a strip", (dir) => makeVideo(dir, { width: 1280, height: 128, sound: null }), "dimensions"],
  ["a dot", (dir) => makeVideo(dir, { width: 32, height: 32, sound: null }), "dimensions"],
  ["ten thousand pictures a second", (dir) => makeVideo(dir, { width: 64, height: 64, sec: 0.5, fps: 10_000, sound: null }), "fps_too_high"],
  ["encrypted pictures", (dir) => makeVideo(dir, { codec: ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", ...CENC] }), "encrypted"],
  ["sound alone", (dir) => makeSound(dir, "a.mp4"), "no_video"],
  ["sound alone, called a clip of Apple's", (dir) => makeSound(dir, "a.m4a"), "no_video"],
  ["a song with its cover", songWithCover, "no_video"],
  ["one picture in an MP4", (dir) => makeVideo(dir, { sec: 0.04, fps: 25, sound: null }), "too_short"],
  ["one photo in a MOV", (dir) => makeVideo(dir, { sec: 0.04, fps: 25, sound: null, codec: ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"], name: "a.mov" }), "too_short"],
  ["a quarter of a second", (dir) => makeVideo(dir, { sec: 0.2, sound: null }), "too_short"],
  ["twenty streams", manyStreams, "too_many_streams"],
  ["a codec of editing programs", (dir) => makeVideo(dir, { codec: ["-c:v", "prores_ks", "-c:a", "aac"], name: "a.mov" }), "codec_not_allowed"],
  ["a lossless codec of archives", (dir) => makeVideo(dir, { sound: null, codec: ["-c:v", "ffv1"], name: "a.mkv" }), "codec_not_allowed"],
];

test.each(CASES)("given %s, then it is refused for its reason, soon and in little memory", async (_name, make, reason) => {
  const path = await make(place.dir);
  const outcome = await judge(path);
  expect(outcome.reason).toBe(reason);
  expect(outcome.cpuSec).toBeLessThan(CPU_SEC_MAX);
  expect(outcome.peakRssBytes).toBeLessThan(MEMORY_BYTES_MAX);
  expect(await readdir(place.ctx.outDir)).toEqual([]);
});

test("given files that name addresses and other files, then nothing is connected to and nothing is read", async () => {
  let connections = 0;
  const listener = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
  const base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const lures = {
    "a.m3u8": `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${base}/a.ts\n#EXT-X-ENDLIST\n`,
    "a.txt": `ffconcat version 1.0\nfile '${base}/a.mp4'\n`,
    "a.mpd": `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet><Representation><BaseURL>${base}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
  };
  try {
    for (const [name, content] of Object.entries(lures)) {
      const path = await file(name, content)(place.dir);
      expect((await judge(path)).reason).toBe("type_not_allowed");
      // Past the first gate on purpose: the second must hold alone.
      for (const demuxer of ["mov", "matroska", "mpegts", "avi"] as const) {
        const inspected = inspectVideo(path, { kind: "video", type: "video/mp4", demuxer }, place.ctx);
        await expect(inspected).rejects.toBeInstanceOf(MediaRejected);
      }
    }
    expect(connections).toBe(0);
  } finally {
    await new Promise((closed) => listener.close(closed));
  }
});

test("given headers that promise an hour, then the length of the pictures counts", async () => {
  const path = await makeVideo(place.dir, { sec: 2, sound: null });
  await setDeclaredSec(path, 3600);
  const { facts } = await inspectVideo(path, await sniffFile(path), place.ctx);
  expect(facts.durationSec).toBeCloseTo(2, 1);
});

test("given a Matroska file with a foreign attachment, then the clip is taken and the attachment is in no output", async () => {
  await writeFile(join(place.dir, "evil.html"), "<script>SECRETPAYLOAD</script>");
  const path = await makeVideo(place.dir, { name: "a.mkv", extra: ["-attach", join(place.dir, "evil.html"), "-metadata:s:t", "mimetype=text/html"] });
  const { facts } = await inspectVideo(path, await sniffFile(path), place.ctx);
  const { outputs } = await encodeFirst(path, facts, place.ctx);
  expect(outputs.map(({ name }) => name)).toContain("360.mp4");
  expect(await namesHolding(place.ctx.outDir, "SECRETPAYLOAD")).toEqual([]);
});

test("given a clip whose pictures fail in the middle, then encoding refuses it and leaves no file", async () => {
  const path = await makeVideo(place.dir, { sec: 2, sound: null });
  const { facts } = await inspectVideo(path, await sniffFile(path), place.ctx);
  await patch(path, (bytes) => scramble(bytes, 0.4));
  await expect(encodeFirst(path, facts, place.ctx)).rejects.toMatchObject({ name: "MediaRejected", reason: expect.stringMatching(/^(corrupt|truncated)$/) });
  expect(await readdir(place.ctx.outDir)).toEqual([]);
});

const CENC = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"];

async function picture(dir: string, name: string): Promise<string> {
  await ffmpeg(["-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v", "1", "-f", "mjpeg", join(dir, name)]);
  return join(dir, name);
}

async function largePictures(dir: string, name: string, codec: string[]): Promise<string> {
  await ffmpeg(["-f", "lavfi", "-i", "color=red:size=8192x8192:rate=5:duration=0.4", ...codec, join(dir, name)]);
  return join(dir, name);
}

async function cut(dir: string, name: string, codec: string[]): Promise<string> {
  const path = await makeVideo(dir, { sec: 2, sound: null, codec, name });
  await cutTo(path, 0.5);
  return path;
}

async function damaged(dir: string, codec: string[], damage: (path: string) => Promise<void>): Promise<string> {
  const path = await makeVideo(dir, { sec: 2, sound: null, codec: ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", ...codec] });
  await damage(path);
  return path;
}

/** Every chunk offset moved by some bytes: the index is well formed and wrong. */
async function shiftOffsets(path: string): Promise<void> {
  await patch(path, (bytes) => {
    const from = bytes.indexOf("stco");
    const count = bytes.readUInt32BE(from + 8);
    for (let n = 0; n < count; n++) bytes.writeUInt32BE(bytes.readUInt32BE(from + 12 + 4 * n) + 1013, from + 12 + 4 * n);
  });
}

/** Noise of a fixed seed over the media, from a share of it on. */
function scramble(bytes: Buffer, share = 0): void {
  const from = bytes.indexOf("mdat") + 4;
  const end = from - 8 + bytes.readUInt32BE(from - 8);
  let noise = 12345;
  for (let at = Math.floor(from + (end - from) * share); at < end; at++) bytes[at] = (noise = (noise * 1103515245 + 12345) & 0x7fffffff) >> 16;
}

async function longClip(dir: string): Promise<string> {
  const path = await makeVideo(dir, { width: 64, height: 64, sec: 240, fps: 10, sound: null });
  await setDeclaredSec(path, 1);
  return path;
}

async function makeSound(dir: string, name: string): Promise<string> {
  await ffmpeg(["-f", "lavfi", "-i", "sine", "-t", "1", "-c:a", "aac", join(dir, name)]);
  return join(dir, name);
}

async function songWithCover(dir: string): Promise<string> {
  await ffmpeg(["-f", "lavfi", "-i", "sine", "-f", "lavfi", "-i", "testsrc2=size=320x240", "-map", "0", "-map", "1", "-t", "1", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-disposition:v", "attached_pic", "-c:a", "aac", join(dir, "a.mp4")]);
  return join(dir, "a.mp4");
}

async function manyStreams(dir: string): Promise<string> {
  const maps = Array.from({ length: 19 }, () => ["-map", "1"]).flat();
  await ffmpeg(["-f", "lavfi", "-i", "testsrc2=size=320x240", "-f", "lavfi", "-i", "sine", "-map", "0", ...maps, "-t", "0.5", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", join(dir, "a.mp4")]);
  return join(dir, "a.mp4");
}

async function namesHolding(dir: string, text: string): Promise<string[]> {
  const names = await readdir(dir);
  const holding = await Promise.all(names.map(async (name) => ((await readFile(join(dir, name))).includes(text) ? name : null)));
  return holding.filter((name) => name !== null);
}
