import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { getAsset } from "@models/media-asset.server";
import { listJobsOf } from "@models/media-job.server";
import { listOpenUploads } from "@models/media-quota.server";
import { sourceKey } from "@media/storage";
import { createMediaUploads } from "~/server/media-uploads";
import { useDatabase } from "../../support/db";
import { serve } from "../../support/server";
import { makeSender, openTestPlace, type Sender } from "../../support/uploads";

useDatabase();

const place = openTestPlace();
afterAll(() => rm(place.dataDir, { recursive: true }));
const serveUploads = (freeShareMin = 0) => serve(() => new Response("a page"), {}, { media: createMediaUploads({ place: { ...place, freeShareMin } }) });

const NAVIGATION = { Accept: "text/html", "Sec-Fetch-Mode": "navigate", "Accept-Language": "en" };
type Fields = Record<string, string | Blob>;

function formOf(fields: Fields, filename = "photo.jpg"): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, filename);
  }
  return form;
}

const post = (origin: string, sender: Sender | null, form: FormData, headers: Record<string, string> = NAVIGATION) =>
  fetch(`${origin}/media/uploads`, { method: "POST", redirect: "manual", body: form, headers: { ...headers, Origin: origin, Referer: `${origin}/posts/new?draft=1`, ...(sender ? { Cookie: sender.cookie } : {}) } });

test("given a form without scripts, then its file is taken in and the browser goes back with the asset's id", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const bytes = randomBytes(200_000);
  const reply = await post(origin, sender, formOf({ kind: "image", alt: "a fee table", redirectTo: "/posts/new?draft=7#pictures", file: new Blob([bytes]) }, "费用表.jpg"));
  expect(reply.status).toBe(303);
  const [, id = ""] = /^\/posts\/new\?draft=7&media=([0-9a-f]{32})#pictures$/.exec(reply.headers.get("location") ?? "") ?? [];
  expect(await getAsset(id)).toMatchObject({ ownerId: sender.id, kind: "image", state: "checking", alt: "a fee table", fileName: "费用表.jpg", sizeBytes: bytes.length });
  expect(await listJobsOf(id)).toMatchObject([{ stage: "inspect", lane: "image" }]);
  expect((await buffer((await place.storage.openRead(sourceKey(id)))!.stream)).equals(bytes)).toBe(true);
  expect(readdirSync(place.directory)).toEqual([]);
  expect(await listOpenUploads(sender.id)).toEqual([]);
});

test("given a script that sends a form, then the id comes as JSON", async () => {
  const { origin } = await serveUploads();
  const reply = await post(origin, await makeSender(), formOf({ kind: "video", file: new Blob(["a clip"]) }), { Accept: "application/json" });
  expect(reply.status).toBe(201);
  const { id } = (await reply.json()) as { id: string };
  expect(await getAsset(id)).toMatchObject({ kind: "video", state: "checking" });
});

test.each(["https://evil.example/", "//evil.example", "/\\evil.example", "/logout", ""])("given %s as the way on, then the page it came from", async (redirectTo) => {
  const { origin } = await serveUploads();
  const reply = await post(origin, await makeSender(), formOf({ kind: "image", redirectTo, file: new Blob(["x"]) }));
  expect(reply.headers.get("location")).toMatch(/^\/posts\/new\?draft=1&media=[0-9a-f]{32}$/);
});

test("given a guest, then the login page, which leads back", async () => {
  const { origin } = await serveUploads();
  const reply = await post(origin, null, formOf({ kind: "image", file: new Blob([randomBytes(500_000)]) }));
  expect(reply.status).toBe(303);
  expect(reply.headers.get("location")).toBe(`/login?redirectTo=${encodeURIComponent("/posts/new?draft=1")}`);
});

test("given another site's form, then 403 and nothing is kept", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const reply = await post(origin, sender, formOf({ kind: "image", file: new Blob(["x"]) }), { ...NAVIGATION });
  expect(reply.status).toBe(303);
  const foreign = await fetch(`${origin}/media/uploads`, { method: "POST", body: formOf({ kind: "image", file: new Blob(["x"]) }), headers: { Origin: "https://evil.example", Cookie: sender.cookie } });
  expect(foreign.status).toBe(403);
});

test.each<[string, Fields, string, string]>([
  ["no file chosen", { kind: "image", file: new Blob([]) }, "", "No file was chosen"],
  ["no file field", { kind: "image" }, "x", "No file was chosen"],
  ["an empty file", { kind: "image", file: new Blob([]) }, "empty.jpg", "There is nothing in this file"],
])("given %s, then a page says so with the way back, and nothing stays", async (_what, fields, filename, said) => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const reply = await post(origin, sender, formOf(fields, filename));
  const page = await reply.text();
  expect(reply.status).toBe(422);
  expect(page).toContain(said);
  expect(page).toContain('href="/posts/new?draft=1"');
  expect(reply.headers.get("content-security-policy")).toContain("script-src 'self'");
  expect(await listOpenUploads(sender.id)).toEqual([]);
  expect(readdirSync(place.directory)).toEqual([]);
});

test("given a picture over its size, then 413 with the size, the answer arrives, and nothing stays", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const reply = await post(origin, sender, formOf({ kind: "image", file: new Blob([Buffer.alloc(31 * 1024 * 1024)]) }));
  expect(reply.status).toBe(413);
  expect(await reply.text()).toContain("30 MB");
  expect(readdirSync(place.directory)).toEqual([]);
});

test("given a picture that grows past its size on the way, then 413 and nothing stays", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const padding = "x".repeat(3_900);
  // The fields behind the file make the form longer than the file, so only counting can tell.
  const fields: Fields = { kind: "image", file: new Blob([Buffer.alloc(30 * 1024 * 1024 + 1)]), a: padding, b: padding };
  const reply = await post(origin, sender, formOf(fields));
  expect(reply.status).toBe(413);
  expect(await listOpenUploads(sender.id)).toEqual([]);
  expect(readdirSync(place.directory)).toEqual([]);
});

test("given a full disk, then 507 as a page", async () => {
  const { origin } = await serveUploads(1);
  const reply = await post(origin, await makeSender(), formOf({ kind: "image", file: new Blob(["x"]) }));
  expect(reply.status).toBe(507);
  expect(await reply.text()).toContain("Our disk is nearly full");
});

test("given two files, more fields than there are, or no form at all, then what makes sense is taken and the rest refused", async () => {
  const { origin } = await serveUploads();
  const sender = await makeSender();
  const two = formOf({ kind: "image", file: new Blob(["first"]) });
  two.append("file", new Blob(["second"]), "second.jpg");
  const taken = await post(origin, sender, two, { Accept: "application/json" });
  expect(taken.status).toBe(201);
  const { id } = (await taken.json()) as { id: string };
  expect((await buffer((await place.storage.openRead(sourceKey(id)))!.stream)).toString()).toBe("first");
  const headers = { Origin: origin, Cookie: sender.cookie, "Accept-Language": "en" };
  expect((await fetch(`${origin}/media/uploads`, { method: "POST", headers: { ...headers, "Content-Type": "multipart/form-data" }, body: "x" })).status).toBe(422);
  expect((await fetch(`${origin}/media/uploads`, { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: "{}" })).status).toBe(422);
  expect((await fetch(`${origin}/media/uploads`, { method: "POST", headers: { ...headers, "Content-Type": "multipart/form-data; boundary=b" }, body: "--b\r\ncut off" })).status).toBe(422);
});

test("given a sender who leaves in the middle, then row, bytes and open place are gone", async () => {
  const server = await serveUploads();
  const sender = await makeSender();
  const socket = connect(server.port, "127.0.0.1");
  const head = ["POST /media/uploads HTTP/1.1", "Host: 127.0.0.1", `Cookie: ${sender.cookie}`, "Content-Type: multipart/form-data; boundary=b", "Content-Length: 1000000"];
  socket.write(`${head.join("\r\n")}\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n`);
  socket.write(randomBytes(200_000));
  await expect.poll(async () => (await listOpenUploads(sender.id)).length).toBe(1);
  const [id = ""] = await listOpenUploads(sender.id);
  socket.destroy();
  await expect.poll(() => listOpenUploads(sender.id)).toEqual([]);
  expect(await getAsset(id)).toBeNull();
  await expect.poll(() => readdirSync(place.directory)).toEqual([]);
});
