import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { advanceAsset, setAssetAccess } from "@models/media-asset.server";
import { mediaKey, type Storage } from "@media/storage";
import { createMediaFiles } from "~/server/media-files";
import { forgetServedAsset } from "~/services/media-lookup.server";
import { mediaUrl, signedMediaBase } from "~/services/media-url.server";
import { useDatabase } from "../../support/db";
import { AT_NOON, makeMember } from "../../support/factories";
import { makeStoredAsset, newAssetId, openTestStorage, POSTER, type GivenFile } from "../../support/media";
import { ask, serve } from "../../support/server";

useDatabase();

const CLIP: GivenFile = { name: "720.mp4", role: "mp4", type: "video/mp4", content: randomBytes(500_000) };
const PAGE: GivenFile = { name: "640.webp", role: "image", type: "image/webp", content: Buffer.from("<script>alert(1)</script>") };
const storage = openTestStorage();
let now = AT_NOON;
const media = createMediaFiles({ storage, now: () => now });
const serveMedia = () => serve(() => new Response("a page"), {}, { media });
let ownerId = "";
let clip = "";

beforeAll(async () => {
  ownerId = (await makeMember())._id;
  clip = await makeStoredAsset(storage, { ownerId, files: [CLIP, POSTER, PAGE] });
  return () => rm(storage.dataDir, { recursive: true });
});

const get = async (origin: string, path: string, headers: Record<string, string> = {}) => {
  const reply = await fetch(origin + path, { headers });
  return { status: reply.status, headers: reply.headers, bytes: Buffer.from(await reply.arrayBuffer()) };
};

test("given a public file, then it comes whole, may be kept for ever, and can run nothing", async () => {
  const { origin } = await serveMedia();
  const reply = await get(origin, `/m/${clip}/720.mp4`);
  expect(reply.status).toBe(200);
  expect(reply.bytes.equals(CLIP.content)).toBe(true);
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    "content-type": "video/mp4",
    "content-length": "500000",
    "accept-ranges": "bytes",
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "cross-origin-resource-policy": "cross-origin",
    "content-disposition": 'inline; filename="720.mp4"',
    "last-modified": AT_NOON.toUTCString(),
  });
  // What a file holds does not decide what it is served as.
  expect((await get(origin, `/m/${clip}/640.webp`)).headers.get("content-type")).toBe("image/webp");
});

test("given ranges, then parts come as asked, and what cannot be had is refused with the size", async () => {
  const { origin } = await serveMedia();
  const path = `/m/${clip}/720.mp4`;
  const part = await get(origin, path, { Range: "bytes=1000-1999" });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe("bytes 1000-1999/500000");
  expect(part.headers.get("content-length")).toBe("1000");
  expect(part.bytes.equals(CLIP.content.subarray(1000, 2000))).toBe(true);
  const end = await get(origin, path, { Range: "bytes=-10" });
  expect(end.bytes.equals(CLIP.content.subarray(-10))).toBe(true);
  const beyond = await get(origin, path, { Range: "bytes=500000-" });
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get("content-range")).toBe("bytes */500000");
  expect((await get(origin, path, { Range: "bytes=0-1,5-6" })).status).toBe(200);
  const etag = part.headers.get("etag") ?? "";
  expect((await get(origin, path, { Range: "bytes=0-9", "If-Range": etag })).status).toBe(206);
  expect((await get(origin, path, { Range: "bytes=0-9", "If-Range": '"older"' })).bytes).toHaveLength(500_000);
});

test("given HEAD, then the headers of the whole come without a body", async () => {
  const { origin } = await serveMedia();
  const head = await ask(origin, `/m/${clip}/720.mp4`, { method: "HEAD", headers: { Range: "bytes=0-9" } });
  expect(head).toMatchObject({ status: 200, body: "", headers: { "content-length": "500000", "content-type": "video/mp4" } });
});

test("given a client that has the file, then 304, and by tag before date", async () => {
  const { origin } = await serveMedia();
  const path = `/m/${clip}/poster-360.jpg`;
  const etag = (await get(origin, path)).headers.get("etag") ?? "";
  const known = await ask(origin, path, { headers: { "If-None-Match": `"x", W/${etag}` } });
  expect(known).toMatchObject({ status: 304, body: "", headers: { etag } });
  expect(known.headers["content-length"]).toBeUndefined();
  expect((await ask(origin, path, { headers: { "If-Modified-Since": AT_NOON.toUTCString() } })).status).toBe(304);
  expect((await ask(origin, path, { headers: { "If-None-Match": '"other"', "If-Modified-Since": AT_NOON.toUTCString() } })).status).toBe(200);
  expect((await ask(origin, path, { headers: { "If-Modified-Since": "Mon, 02 Mar 2020 04:00:00 GMT" } })).status).toBe(200);
});

test("given a private, a held and an unknown file, then without a signed address the answer is the same 404", async () => {
  const { origin } = await serveMedia();
  const hidden = await makeStoredAsset(storage, { ownerId, access: "private" });
  const held = await makeStoredAsset(storage, { ownerId, found: { held: true } });
  const replies = await Promise.all([hidden, held, newAssetId()].map((id) => ask(origin, `/m/${id}/poster-360.jpg`)));
  expect(replies.map(({ status, body, headers }) => [status, body, headers["cache-control"]])).toEqual(replies.map(() => [404, "Not found.\n", "no-store"]));
  const signed = await ask(origin, mediaUrl({ assetId: held, access: "private" }, "poster-360.jpg", now));
  expect(signed.status).toBe(200);
});

test("given a signed address, then it opens this asset until it ends, and is kept by nobody else", async () => {
  const { origin } = await serveMedia();
  const [mine, other] = [await makeStoredAsset(storage, { ownerId, access: "private" }), await makeStoredAsset(storage, { ownerId, access: "private" })];
  const base = signedMediaBase(mine, AT_NOON);
  const reply = await ask(origin, `${base}/poster-360.jpg`);
  expect(reply).toMatchObject({ status: 200, body: POSTER.content.toString(), headers: { "cache-control": "private, max-age=3600", "cross-origin-resource-policy": "same-origin" } });
  // A playlist names its pieces relative to itself.
  expect(new URL("poster-360.jpg", `${origin}${base}/master.m3u8`).href).toBe(`${origin}${base}/poster-360.jpg`);

  const [, , stamp = "", id = ""] = base.split("/");
  const [exp = "", mark = ""] = stamp.split(".");
  const forged = [`/m/${Number(exp) + 1}.${mark}/${id}`, `/m/${exp}.${"A".repeat(22)}/${id}`, `/m/${exp}.${mark}/${other}`, `/m/${exp}.${mark.slice(1)}/${id}`];
  for (const path of forged) expect((await ask(origin, `${path}/poster-360.jpg`)).status, path).toBe(404);

  now = new Date(Number(exp) * 1000 - 60_000);
  expect((await ask(origin, `${base}/poster-360.jpg`)).headers["cache-control"]).toBe("private, max-age=60");
  now = new Date(Number(exp) * 1000);
  const over = await ask(origin, `${base}/poster-360.jpg`);
  now = AT_NOON;
  expect(over).toMatchObject({ status: 403, headers: { "cache-control": "no-store" } });
});

test("given a removal, then the address says 410 at once, signed or not", async () => {
  const { origin } = await serveMedia();
  const gone = await makeStoredAsset(storage, { ownerId });
  const base = signedMediaBase(gone, now);
  expect((await ask(origin, `/m/${gone}/poster-360.jpg`)).status).toBe(200);
  await inTransaction((tx) => advanceAsset({ assetId: gone, to: "removed" }, AT_NOON, tx));
  forgetServedAsset(gone);
  expect((await ask(origin, `/m/${gone}/poster-360.jpg`)).status).toBe(410);
  expect((await ask(origin, `${base}/poster-360.jpg`)).status).toBe(410);
});

test("given a removal in another process, then a second later the file is gone here too", async () => {
  const { origin } = await serveMedia();
  const gone = await makeStoredAsset(storage, { ownerId });
  await ask(origin, `/m/${gone}/poster-360.jpg`);
  await inTransaction((tx) => advanceAsset({ assetId: gone, to: "removed" }, AT_NOON, tx));
  now = new Date(AT_NOON.getTime() + 1_000);
  const { status } = await ask(origin, `/m/${gone}/poster-360.jpg`);
  now = AT_NOON;
  expect(status).toBe(410);
});

test.each([
  "/m/",
  "/m/../package.json",
  "/m/%2e%2e/package.json",
  `/m/CLIP/..%2f..%2fsource`,
  "/m/CLIP/../../source/CLIP",
  "/m/CLIP/.hidden",
  "/m/CLIP/720.mp4/",
  "/m/CLIP/720%2emp4",
  "/m/CLIP/not-listed.mp4",
  "/m/CLIP/",
  "/m/source/CLIP",
  `/m/CLIP/${"a".repeat(300)}`,
])("given the address %s, then 404", async (path) => {
  const { origin } = await serveMedia();
  expect((await ask(origin, path.replaceAll("CLIP", clip))).status).toBe(404);
});

test("given another method, then 405", async () => {
  const { origin } = await serveMedia();
  expect(await ask(origin, `/m/${clip}/720.mp4`, { method: "POST" })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
});

test("given a listed file that is not in the store, then 404 and not a cut body", async () => {
  const { origin } = await serveMedia();
  const broken = await makeStoredAsset(storage, { ownerId });
  await storage.remove(mediaKey(broken, POSTER.name));
  expect(await ask(origin, `/m/${broken}/${POSTER.name}`)).toMatchObject({ status: 404, headers: { "cache-control": "no-store" } });
});

test("given a store that cannot be reached, then 500, and the next request is answered again", async () => {
  let broken = true;
  const failing = Object.assign(Object.create(storage) as Storage, { openRead: (...given: Parameters<Storage["openRead"]>) => (broken ? Promise.reject(new Error("no bucket")) : storage.openRead(...given)) });
  const { origin } = await serve(() => new Response("a page"), {}, { media: createMediaFiles({ storage: failing }) });
  expect((await ask(origin, `/m/${clip}/720.mp4`)).status).toBe(500);
  broken = false;
  expect((await ask(origin, `/m/${clip}/poster-360.jpg`)).status).toBe(200);
});

test("given a store whose objects are no files here, then small ones and parts are served as well", async () => {
  const openRead: Storage["openRead"] = (key, range) => storage.openRead(key, range);
  const remote = Object.assign(Object.create(storage) as Storage, { openRead, localPath: () => null });
  const { origin } = await serve(() => new Response("a page"), {}, { media: createMediaFiles({ storage: remote }) });
  expect((await get(origin, `/m/${clip}/poster-360.jpg`)).bytes.equals(POSTER.content)).toBe(true);
  expect((await get(origin, `/m/${clip}/720.mp4`, { Range: "bytes=5-9" })).bytes.equals(CLIP.content.subarray(5, 10))).toBe(true);
});

/** Storage that notes what it opened, with a file too long for the buffers of a connection. */
async function openLongFile(options: { stalledMs?: number } = {}): Promise<{ socket: Socket; streams: { destroyed: boolean }[] }> {
  const streams: { destroyed: boolean }[] = [];
  const watched = Object.assign(Object.create(storage) as Storage, {
    openRead: async (...given: Parameters<Storage["openRead"]>) => {
      const opened = await storage.openRead(...given);
      if (opened) streams.push(opened.stream);
      return opened;
    },
  });
  const long = await makeStoredAsset(storage, { ownerId, files: [{ ...CLIP, content: randomBytes(20_000_000) }] });
  const server = await serve(() => new Response("a page"), {}, { media: createMediaFiles({ storage: watched, ...options }) });
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined); // Cut off by the server, where that is wanted.
  socket.write(`GET /m/${long}/720.mp4 HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  return { socket, streams };
}

test("given a file that was private a moment ago, when it is published, then whoever opens the page sees it", async () => {
  const { origin } = await serveMedia();
  const assetId = await makeStoredAsset(storage, { ownerId, access: "private" });
  expect((await ask(origin, `/m/${assetId}/poster-360.jpg`)).status).toBe(404);
  await inTransaction((tx) => setAssetAccess({ assetId, ownerId, postId: null, access: "public" }, now, tx));
  const asked = now;
  now = new Date(asked.getTime() + 150);
  expect((await ask(origin, `/m/${assetId}/poster-360.jpg`)).status).toBe(200);
  now = asked;
});

test("given a viewer who leaves, then the stream to them is closed", async () => {
  const { socket, streams } = await openLongFile();
  socket.destroy();
  await expect.poll(() => streams[0]?.destroyed).toBe(true);
});

test("given a viewer who takes nothing any more, then the file is let go", async () => {
  const { socket, streams } = await openLongFile({ stalledMs: 100 });
  socket.pause();
  await expect.poll(() => streams[0]?.destroyed, { timeout: 10_000 }).toBe(true);
  socket.destroy();
});

test("given pages that fill the house, then files are still served", async () => {
  let release: () => void = () => undefined;
  const heldBack = new Promise<void>((resolve) => (release = resolve));
  const { origin, gate } = await serve(() => heldBack.then(() => new Response("done")), { RENDER_CONCURRENCY: "1", RENDER_QUEUE: "0" }, { media });
  const slow = ask(origin, "/account", { headers: { Cookie: "sid=a.b" } });
  await expect.poll(() => gate.full).toBe(true);
  expect((await ask(origin, "/account", { headers: { Cookie: "sid=a.b" } })).status).toBe(503);
  expect((await ask(origin, `/m/${clip}/poster-360.jpg`)).status).toBe(200);
  release();
  expect((await slow).status).toBe(200);
});
