import { rm } from "node:fs/promises";
import { afterAll, expect, test, vi } from "vitest";
import { getAsset } from "@models/media-asset.server";
import { listOpenUploads } from "@models/media-quota.server";
import { beginUpload, cancelUpload } from "~/services/uploads.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makeViewer } from "../support/factories";
import { newAssetId } from "../support/media";
import { minutesAfter } from "../support/posts";
import { openTestPlace } from "../support/uploads";

/** With the mainland rule on, which the settings decide once. */
vi.hoisted(() => (process.env.MAINLAND_RULE = "true"));
useDatabase();

const place = openTestPlace();
afterAll(() => rm(place.dataDir, { recursive: true }));

const MIB = 1024 * 1024;
type Viewer = Awaited<ReturnType<typeof makeViewer>>;
const verified = async (given: Partial<Viewer> = {}): Promise<Viewer> => ({ ...(await makeViewer({ tier: 0 })), phoneVerified: true, realNameVerified: true, ...given });

async function begin(viewer: Viewer, sizeBytes: number, at = AT_NOON): Promise<string> {
  const assetId = newAssetId();
  await beginUpload(viewer, { assetId, kind: "video", fileName: "clip.mp4", alt: "", sizeBytes }, at, place);
  return assetId;
}

test("given the mainland rule, then uploading asks for what posting asks for", async () => {
  await expect(begin(await verified({ phoneVerified: false }), 10)).rejects.toMatchObject({ code: "FORBIDDEN", messageKey: "account.phoneNeeded" });
  const unnamed = await verified({ realNameVerified: false });
  await expect(begin(unnamed, 10)).rejects.toMatchObject({ code: "FORBIDDEN", messageKey: "account.realNameNeeded" });
  expect(await listOpenUploads(unnamed.id)).toEqual([]);
  expect(await getAsset(await begin(await verified(), 10))).toMatchObject({ state: "uploading" });
});

test("given a newcomer's bytes of a day, when they are spent, then they come back with the next day; an operator has the most there is", async () => {
  const newcomer = await verified();
  const cancelled = async (viewer: Viewer, at = AT_NOON) => cancelUpload({ assetId: await begin(viewer, 150 * MIB, at), ownerId: viewer.id }, place);
  await cancelled(newcomer);
  await cancelled(newcomer);
  await expect(begin(newcomer, 1)).rejects.toMatchObject({ code: "RATE_LIMITED", messageKey: "media.quotaSpent", params: { megabytes: 300, hours: 20 } });
  await cancelled(newcomer, minutesAfter(AT_NOON, 20 * 60));
  const operator = await verified({ role: "operator" });
  for (let i = 0; i < 4; i += 1) await cancelled(operator);
  expect(await listOpenUploads(operator.id)).toEqual([]);
});

test("given two uploads that were left alone for a day, then they do not stand in the way of a third", async () => {
  const viewer = await verified();
  await begin(viewer, 10);
  await begin(viewer, 10);
  await expect(begin(viewer, 10, minutesAfter(AT_NOON, 23 * 60))).rejects.toMatchObject({ messageKey: "media.uploadsOpen" });
  const third = await begin(viewer, 10, minutesAfter(AT_NOON, 24 * 60 + 1));
  expect(await listOpenUploads(viewer.id)).toEqual([third]);
});

test("given more uploads in an hour than a newcomer may begin, then the next one waits", async () => {
  const viewer = await verified();
  for (let i = 0; i < 20; i += 1) await cancelUpload({ assetId: await begin(viewer, 10), ownerId: viewer.id }, place);
  await expect(begin(viewer, 10)).rejects.toMatchObject({ code: "RATE_LIMITED", messageKey: "auth.retryInMinutes" });
});
