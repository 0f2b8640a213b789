import { afterAll, expect, test, vi } from "vitest";
import { rm } from "node:fs/promises";
import { getAsset } from "@models/media-asset.server";
import { action, loader } from "~/routes/media.assets.$assetId";
import { loader as list } from "~/routes/media.assets._index";
import { beginUpload, uploadPlace } from "~/services/uploads.server";
import { useDatabase } from "../support/db";
import { makeViewer } from "../support/factories";
import { newAssetId } from "../support/media";
import { makeSender, type Sender } from "../support/uploads";

/** The route uses the place that the settings name; for this file it is a folder of its own. */
const dataDir = vi.hoisted(() => (process.env.DATA_DIR = `${process.env.TMPDIR ?? "/tmp"}/goldbean-routes-${process.pid}-${Date.now()}`));
useDatabase();
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const NOW = new Date();
const PLACE = "http://localhost:3000";

async function startedBy(sender: Sender): Promise<string> {
  const assetId = newAssetId();
  await beginUpload({ ...(await makeViewer()), id: sender.id, tier: 2 }, { assetId, kind: "image", fileName: "a.jpg", alt: "", sizeBytes: 1000 }, NOW);
  return assetId;
}

function ask(path: string, sender: Sender | null, language = "en"): Request {
  return new Request(PLACE + path, { headers: { Accept: "application/json", "Accept-Language": language, ...(sender ? { Cookie: sender.cookie } : {}) } });
}

function say(path: string, sender: Sender | null, fields: Record<string, string>, headers: Record<string, string> = {}): Request {
  return new Request(PLACE + path, { method: "POST", body: new URLSearchParams(fields), headers: { Origin: PLACE, Accept: "application/json", "Accept-Language": "en", ...(sender ? { Cookie: sender.cookie } : {}), ...headers } });
}

const read = async (assetId: string, sender: Sender | null, language?: string) => loader({ request: ask(`/media/assets/${assetId}`, sender, language), params: { assetId }, context: {} as never });
const act = async (assetId: string, sender: Sender | null, fields: Record<string, string>, headers?: Record<string, string>) =>
  action({ request: say(`/media/assets/${assetId}`, sender, fields, headers), params: { assetId }, context: {} as never });

test("given the folder of the settings, then uploads gather there", () => {
  expect(uploadPlace().directory).toBe(`${dataDir}/uploads`);
});

test("given one's own upload, then its state comes in the reader's language and is kept by nobody", async () => {
  const sender = await makeSender();
  const assetId = await startedBy(sender);
  const reply = await read(assetId, sender, "zh-CN");
  expect(reply.status).toBe(200);
  expect(reply.headers.get("cache-control")).toBe("private, no-store");
  expect(await reply.json()).toMatchObject({ id: assetId, state: "uploading", stateText: "上传中", offset: 0 });
});

test("given a guest, somebody else, or a made-up id, then nothing is told", async () => {
  const [sender, stranger] = [await makeSender(), await makeSender()];
  const assetId = await startedBy(sender);
  expect((await read(assetId, null)).status).toBe(401);
  for (const [id, who] of [[assetId, stranger], [newAssetId(), sender], ["../../x", sender], ["", sender]] as const) {
    expect((await read(id, who)).status).toBe(404);
    expect((await act(id, who, { intent: "remove" })).status).toBe(404);
  }
  expect(await getAsset(assetId)).not.toBeNull();
});

test("given a description, a word about speech and a removal, then each is done and answered", async () => {
  const sender = await makeSender();
  const assetId = await startedBy(sender);
  expect(await (await act(assetId, sender, { intent: "describe", alt: "A fee table", noSpeech: "true" })).json()).toMatchObject({ alt: "A fee table", noSpeech: true });
  expect(await (await act(assetId, sender, { intent: "cancel" })).json()).toEqual({ removed: true });
  expect(await getAsset(assetId)).toBeNull();
  expect((await act(assetId, sender, { intent: "remove" })).status).toBe(404);
});

test("given another try for what has not failed, a word that is none, or another site's form, then it is refused", async () => {
  const sender = await makeSender();
  const assetId = await startedBy(sender);
  const refused = await act(assetId, sender, { intent: "retry" });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ error: "There is nothing to try again: it has not failed, or the file you sent is gone. Upload it once more if you need to." });
  expect((await act(assetId, sender, { intent: "publish" })).status).toBe(422);
  expect((await act(assetId, sender, { intent: "remove" }, { Origin: "https://evil.example" })).status).toBe(403);
  expect(await getAsset(assetId)).toMatchObject({ state: "uploading" });
});

test("given a browser without scripts, then a removal goes back to the page it came from", async () => {
  const sender = await makeSender();
  const assetId = await startedBy(sender);
  const reply = await act(assetId, sender, { intent: "remove" }, { Accept: "text/html", Referer: `${PLACE}/posts/new?draft=1` });
  expect(reply.status).toBe(303);
  expect(reply.headers.get("location")).toBe("/posts/new?draft=1");
});

test("given the list of one's own, then all of it, or what can be gone on with; a guest gets none", async () => {
  const sender = await makeSender();
  const ids = [await startedBy(sender), await startedBy(sender)];
  const listed = async (query: string, who: Sender | null = sender) => list({ request: ask(`/media/assets${query}`, who), params: {}, context: {} as never });
  const all = (await (await listed("")).json()) as { items: { id: string }[] };
  const open = (await (await listed("?open=1")).json()) as { items: { id: string }[] };
  expect(all.items.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(open.items.map(({ id }) => id)).toEqual(ids);
  expect((await listed("", null)).status).toBe(401);
});
