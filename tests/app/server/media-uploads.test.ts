import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { Upload } from "tus-js-client";
import { getAsset } from "@models/media-asset.server";
import { listJobsOf } from "@models/media-job.server";
import { listOpenUploads } from "@models/media-quota.server";
import { sourceKey, type Storage } from "@media/storage";
import { createMediaUploads, type MediaUploadsOptions } from "~/server/media-uploads";
import { useDatabase } from "../../support/db";
import { ask, serve } from "../../support/server";
import { announce, begin, makeSender, openCutLine, openTestPlace, send, sendAndBreakOff, tus } from "../../support/uploads";

useDatabase();

const place = openTestPlace();
afterAll(() => rm(place.dataDir, { recursive: true }));
const serveUploads = (options: Partial<MediaUploadsOptions> = {}, settings: Record<string, string> = {}) =>
  serve(() => new Response("a page"), settings, { media: createMediaUploads({ place, ...options }) });
const sourceOf = async (id: string, storage: Storage = place.storage) => buffer((await storage.openRead(sourceKey(id)))!.stream);
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const filesOf = (id: string) => readdirSync(place.directory).filter((name) => name.startsWith(id));

test("given a file in pieces, when the last one is there, then the asset is checked, its first job waits, and nothing stays behind", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const bytes = randomBytes(300_000);
  const id = await begin(origin, sender, { sizeBytes: bytes.length, metadata: { filename: " 我的\u202eclip.mp4 ", kind: "video", alt: "a chart" } });
  expect(await getAsset(id)).toMatchObject({ ownerId: sender.id, kind: "video", state: "uploading", fileName: "我的clip.mp4", alt: "a chart", access: "private" });
  expect(await send(origin, sender, { id, offset: 0, bytes: bytes.subarray(0, 100_000) })).toMatchObject({ status: 204, offset: "100000" });
  expect(await send(origin, sender, { id, offset: 100_000, bytes: bytes.subarray(100_000) })).toMatchObject({ status: 204, offset: "300000" });
  expect(await getAsset(id)).toMatchObject({ state: "checking", sizeBytes: 300_000 });
  expect(await listJobsOf(id)).toMatchObject([{ stage: "inspect", lane: "video", state: "waiting", ownerId: sender.id }]);
  expect((await sourceOf(id)).equals(bytes)).toBe(true);
  expect(filesOf(id)).toEqual([]);
  expect(await listOpenUploads(sender.id)).toEqual([]);
});

test("given uploads that gather, then nobody else on the machine may look at them", async () => {
  expect(statSync(place.directory).mode & 0o777).toBe(0o700);
});

test("given a connection that breaks in the middle, when the upload goes on, then what arrived is kept and the whole is the file", async () => {
  const server = await serveUploads();
  const sender = await makeSender();
  const bytes = randomBytes(3_000_000);
  const id = await begin(server.origin, sender, { sizeBytes: bytes.length });
  await sendAndBreakOff(server.port, sender, { id, offset: 0, bytes: bytes.subarray(0, 1_000_000), announcedBytes: bytes.length });
  let offset = 0;
  await expect.poll(async () => (offset = Number((await tus(server.origin, sender, "HEAD", id)).headers["upload-offset"]))).toBeGreaterThan(0);
  expect(offset).toBeLessThanOrEqual(1_000_000);
  expect(await send(server.origin, sender, { id, offset, bytes: bytes.subarray(offset) })).toMatchObject({ status: 204 });
  expect(sha256(await sourceOf(id))).toBe(sha256(bytes));
});

test("given the browser's own client over a line that is cut three times, then the file arrives as it was", async () => {
  const server = await serveUploads();
  const sender = await makeSender();
  const bytes = randomBytes(2_500_000);
  const line = await openCutLine(server.port, [500_000, 700_000, 300_000]);
  const id = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(bytes as unknown as Blob, {
      endpoint: `http://127.0.0.1:${line.port}/media/tus`,
      chunkSize: 1_200_000,
      retryDelays: [0, 0, 0, 0],
      headers: { Cookie: sender.cookie },
      metadata: { filename: "photo.jpg", kind: "image" },
      onSuccess: () => resolve(upload.url?.split("/").at(-1) ?? ""),
      onError: reject,
    });
    upload.start();
  });
  line.close();
  expect(line.cuts()).toBe(3);
  expect(await getAsset(id)).toMatchObject({ state: "checking", kind: "image" });
  expect(sha256(await sourceOf(id))).toBe(sha256(bytes));
});

test("given an answer that was lost at the end, when the client asks again, then it hears that all has arrived", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const id = await begin(origin, sender, { sizeBytes: 5 });
  await send(origin, sender, { id, offset: 0, bytes: Buffer.from("hello") });
  const asked = await tus(origin, sender, "HEAD", id);
  expect(asked).toMatchObject({ status: 200, headers: { "upload-offset": "5", "upload-length": "5", "cache-control": "no-store" } });
  expect((await send(origin, sender, { id, offset: 0, bytes: Buffer.from("hello") })).status).toBe(409);
  expect(await listJobsOf(id)).toHaveLength(1);
});

test("given a piece at the wrong place, then 409 and nothing is written", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const id = await begin(origin, sender, { sizeBytes: 100 });
  expect((await send(origin, sender, { id, offset: 10, bytes: randomBytes(10) })).status).toBe(409);
  expect((await send(origin, sender, { id, offset: 0, bytes: randomBytes(101) })).status).toBe(413);
  expect((await tus(origin, sender, "HEAD", id)).headers["upload-offset"]).toBe("0");
});

test("given an upload, then it can never be fetched", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const id = await begin(origin, sender, { sizeBytes: 1000, metadata: { filename: "x.html", kind: "image" } });
  await send(origin, sender, { id, offset: 0, bytes: randomBytes(500) });
  for (const path of [`/media/tus/${id}`, "/media/tus", "/media/tus/", `/media/tus/${id}.json`, "/media/uploads"]) {
    const reply = await ask(origin, path, { headers: { Cookie: sender.cookie, "Tus-Resumable": "1.0.0" } });
    expect(reply, path).toMatchObject({ status: 405, body: "" });
  }
  const head = await tus(origin, sender, "HEAD", id);
  expect(head.headers["access-control-allow-origin"]).toBeUndefined();
  expect((await ask(origin, `/media/tus/${id}`, { method: "PUT", headers: { Cookie: sender.cookie } })).status).toBe(405);
});

test("given somebody else, a guest or another site, then an upload is not theirs to touch", async () => {
  const { origin } = await serveUploads();
  const [sender, stranger] = [await makeSender(), await makeSender()];
  const id = await begin(origin, sender, { sizeBytes: 1000 });
  for (const method of ["HEAD", "PATCH", "DELETE"]) {
    const patch: Record<string, string> = method === "PATCH" ? { "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" } : {};
    expect((await tus(origin, stranger, method, id, patch)).status, method).toBe(404);
    expect((await tus(origin, null, method, id, patch)).status, method).toBe(401);
    if (method !== "HEAD") expect((await tus(origin, sender, method, id, { ...patch, Origin: "https://evil.example" })).status, method).toBe(403);
  }
  expect(JSON.parse((await announce(origin, null, { sizeBytes: 10 })).body)).toMatchObject({ code: "UNAUTHENTICATED", error: "Please log in first." });
  expect((await announce(origin, sender, { sizeBytes: 10, headers: { Origin: "https://evil.example" } })).status).toBe(403);
  expect((await tus(origin, sender, "HEAD", id)).status).toBe(200);
});

test.each(["..%2f..%2fsecrets.json", "%2e%2e", "nope", "0".repeat(31), `${"0".repeat(32)}.json`, "A".repeat(32), "a%00b", "0".repeat(32)])("given the upload id %s, then 404", async (id) => {
  const { origin } = await serveUploads();
  expect((await tus(origin, await makeSender(), "HEAD", id)).status).toBe(404);
});

test("given two uploads on their way, then a third waits, with a sentence in the reader's language, until one ends", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const [first] = [await begin(origin, sender, { sizeBytes: 1000 }), await begin(origin, sender, { sizeBytes: 1000 })];
  const refused = await announce(origin, sender, { sizeBytes: 1000 });
  expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "60" } });
  expect((JSON.parse(refused.body) as { error: string }).error).toBe("2 of your files are still on their way. Let them finish or cancel one, then send the next.");
  const chinese = await announce(origin, sender, { sizeBytes: 1000, headers: { "Accept-Language": "zh-CN" } });
  expect((JSON.parse(chinese.body) as { error: string }).error).toContain("还没传完");
  expect((await tus(origin, sender, "DELETE", first)).status).toBe(204);
  await begin(origin, sender, { sizeBytes: 1000 });
});

test("given three uploads that begin at the same moment, then two are taken", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const replies = await Promise.all(Array.from({ length: 3 }, () => announce(origin, sender, { sizeBytes: 1000 })));
  expect(replies.map(({ status }) => status).sort()).toEqual([201, 201, 429]);
  expect(await listOpenUploads(sender.id)).toHaveLength(2);
});

test("given a day's bytes that are used up, then the refusal says how much and when", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender(0);
  const sizeBytes = 200 * 1024 * 1024;
  await tus(origin, sender, "DELETE", await begin(origin, sender, { sizeBytes }));
  const refused = await announce(origin, sender, { sizeBytes });
  expect(refused.status).toBe(429);
  expect((JSON.parse(refused.body) as { error: string }).error).toMatch(/^You have used today's 300 MB for uploads\. It starts afresh in about \d+ h/);
});

test.each([
  ["a video", "video", 200 * 1024 * 1024 + 1, "200 MB"],
  ["a picture", "image", 30 * 1024 * 1024 + 1, "30 MB"],
])("given %s over its size, then 413 with the size in both languages, before a byte is sent", async (_what, kind, sizeBytes, said) => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  for (const language of ["en", "zh-CN"]) {
    const refused = await announce(origin, sender, { sizeBytes, metadata: { filename: "f", kind }, headers: { "Accept-Language": language } });
    expect(refused.status).toBe(413);
    expect((JSON.parse(refused.body) as { error: string }).error).toContain(said);
  }
  expect(await listOpenUploads(sender.id)).toEqual([]);
});

test.each<[string, Record<string, string>, Record<string, string>]>([
  ["no kind", { filename: "a.mp4" }, {}],
  ["a kind of its own", { filename: "a.mp4", kind: "executable" }, {}],
  ["no length", { kind: "video" }, { "Upload-Length": "" }],
  ["a length to come", { kind: "video" }, { "Upload-Length": "", "Upload-Defer-Length": "1" }],
  ["a length below nothing", { kind: "video" }, { "Upload-Length": "-1" }],
  ["no bytes", { kind: "video" }, { "Upload-Length": "0" }],
])("given an announcement with %s, then 422 and no asset", async (_what, metadata, headers) => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const refused = await announce(origin, sender, { sizeBytes: 1, metadata, headers });
  expect(refused.status).toBe(422);
  expect((JSON.parse(refused.body) as { error: string }).error.length).toBeGreaterThan(10);
  expect(await listOpenUploads(sender.id)).toEqual([]);
});

test("given an announcement that the protocol refuses, then the upload is forgotten with its place", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  expect((await announce(origin, sender, { sizeBytes: 10, headers: { "Tus-Resumable": "0.2.0" } })).status).toBe(400);
  await expect.poll(() => listOpenUploads(sender.id)).toEqual([]);
});

test("given a disk that is nearly full, then 507 in the reader's language, and uploads on their way go on", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const id = await begin(origin, sender, { sizeBytes: 4 });
  const full = await serveUploads({ place: { ...place, freeShareMin: 1 } });
  for (const [language, said] of [["en", "Our disk is nearly full"], ["zh-CN", "空间快满了"]] as const) {
    const refused = await announce(full.origin, sender, { sizeBytes: 10, headers: { "Accept-Language": language } });
    expect(refused.status).toBe(507);
    expect((JSON.parse(refused.body) as { error: string }).error).toContain(said);
  }
  expect((await send(full.origin, sender, { id, offset: 0, bytes: Buffer.from("last") })).status).toBe(204);
});

test("given more senders than are taken in at once, then 503 with a time to wait", async () => {
  const { origin } = await serveUploads({ atOnceMax: 0 });
  expect(await announce(origin, await makeSender(), { sizeBytes: 10 })).toMatchObject({ status: 503, headers: { "retry-after": "10" } });
});

test("given pages that fill the house and a body limit for forms, then uploads are taken all the same", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const server = await serve(() => held.then(() => new Response("done")), { RENDER_CONCURRENCY: "1", RENDER_QUEUE: "0", BODY_BYTES_MAX: "10000" }, { media: createMediaUploads({ place }) });
  const slow = ask(server.origin, "/account", { headers: { Cookie: "sid=a.b" } });
  await expect.poll(() => server.gate.full).toBe(true);
  const sender = await makeSender();
  const bytes = randomBytes(50_000);
  const id = await begin(server.origin, sender, { sizeBytes: bytes.length });
  expect((await send(server.origin, sender, { id, offset: 0, bytes })).status).toBe(204);
  release();
  await slow;
});

test("given a sender who falls silent, then the connection is given up and what arrived is kept", async () => {
  const server = await serveUploads({ silenceMaxMs: 1_500 });
  const sender = await makeSender();
  const id = await begin(server.origin, sender, { sizeBytes: 1_000_000 });
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(`PATCH /media/tus/${id} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${sender.cookie}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 1000000\r\n\r\n`);
  socket.write(randomBytes(1_000));
  await closed;
  await expect.poll(async () => (await tus(server.origin, sender, "HEAD", id)).headers["upload-offset"]).toBe("1000");
});

test("given a store that cannot be written when the last piece comes, then the sender is told, and asking again finishes it once", async () => {
  let broken = true;
  const storage = Object.assign(Object.create(place.storage) as Storage, { put: (...given: Parameters<Storage["put"]>) => (broken ? Promise.reject(new Error("no bucket")) : place.storage.put(...given)) });
  const { origin } = await serveUploads({ place: { ...place, storage } });
  const sender = await makeSender();
  const id = await begin(origin, sender, { sizeBytes: 5 });
  const refused = await send(origin, sender, { id, offset: 0, bytes: Buffer.from("hello") });
  expect(refused).toMatchObject({ status: 500, error: "We failed to take it in, and it has been noted. What arrived is kept; another try goes on from there." });
  expect(await getAsset(id)).toMatchObject({ state: "uploading" });
  broken = false;
  const asked = await Promise.all([tus(origin, sender, "HEAD", id), tus(origin, sender, "HEAD", id)]);
  expect(asked.map(({ headers }) => headers["upload-offset"])).toEqual(["5", "5"]);
  expect(await getAsset(id)).toMatchObject({ state: "checking" });
  expect(await listJobsOf(id)).toHaveLength(1);
  expect((await sourceOf(id)).toString()).toBe("hello");
});

test("given a cancel, then row, bytes and open place are gone; a second cancel is a 404", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const id = await begin(origin, sender, { sizeBytes: 1000 });
  await send(origin, sender, { id, offset: 0, bytes: randomBytes(100) });
  expect((await tus(origin, sender, "DELETE", id)).status).toBe(204);
  expect(await getAsset(id)).toBeNull();
  expect(filesOf(id)).toEqual([]);
  expect(await listOpenUploads(sender.id)).toEqual([]);
  expect((await tus(origin, sender, "DELETE", id)).status).toBe(404);
  expect((await send(origin, sender, { id, offset: 100, bytes: randomBytes(10) })).status).toBe(404);
});

test("given what it can do, then OPTIONS says so", async () => {
  const { origin } = await serveUploads();
  const reply = await ask(origin, "/media/tus", { method: "OPTIONS" });
  expect(reply).toMatchObject({ status: 204, headers: { "tus-version": "1.0.0", "tus-max-size": String(200 * 1024 * 1024) } });
  expect(reply.headers["tus-extension"]).toContain("creation");
});

test("given what the tus server notes down, then it is the kind alone: no name, no words of the sender", async () => {
  const { origin } = await serveUploads();
  const id = await begin(origin, await makeSender(), { sizeBytes: 10, metadata: { filename: "passport.jpg", kind: "image", alt: "my passport" } });
  const noted = readFileSync(join(place.directory, `${id}.json`), "utf8");
  expect(JSON.parse(noted)).toMatchObject({ id, size: 10, metadata: { kind: "image" } });
  expect(noted).not.toContain("passport");
});
