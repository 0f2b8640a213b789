import { expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { claimJob, enqueueJob, listJobsOf, putBackJob, type Lane, type MediaJob } from "@models/media-job.server";
import { boostMedia } from "~/services/media-moderation.server";
import { makeAsset } from "../support/assets";
import { useDatabase } from "../support/db";
import { makeViewer } from "../support/factories";
import { AT_NOON } from "../support/posts";

/** What removing and releasing do to clips and posts is in clips-write.test.ts and posts-write-pictures.test.ts. */
useDatabase();

async function makeGivenUp(lane: Lane): Promise<string> {
  const { _id: assetId, ownerId } = await makeAsset({ ownerId: (await makeViewer()).id, kind: "video", state: "checking" });
  await inTransaction((tx) => enqueueJob({ assetId, ownerId, stage: "inspect", lane }, AT_NOON, tx));
  await putBackJob((await claimJob({ lane, worker: "w", leaseMs: 60_000 }, AT_NOON)) as MediaJob, { runAt: null, error: "disk on fire" });
  return assetId;
}

test("given a job that was given up, when an operator pushes its asset, then it is tried again before all others; the push taken back revives nothing", async () => {
  const operator = await makeViewer({ role: "operator" });
  const assetId = await makeGivenUp("video");
  await boostMedia(operator, assetId, 0, AT_NOON);
  expect(await listJobsOf(assetId)).toMatchObject([{ state: "dead", boost: 0 }]);
  await boostMedia(operator, assetId, 1, AT_NOON);
  expect(await listJobsOf(assetId)).toMatchObject([{ state: "waiting", boost: 1, attempts: 0, error: null }]);
  await boostMedia(operator, assetId, 0, AT_NOON);
  expect(await listJobsOf(assetId)).toMatchObject([{ state: "waiting", boost: 0 }]);
});

test("given a member, then nothing is pushed", async () => {
  const assetId = await makeGivenUp("extra");
  await expect((async () => boostMedia(await makeViewer(), assetId, 1, AT_NOON))()).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(await listJobsOf(assetId)).toMatchObject([{ state: "dead" }]);
});
