import { join } from "node:path";
import "@models/all.server";
import { connect } from "@models/connection.server";
import { describeTools } from "@media/ffmpeg";
import { drainLane } from "@media/run-jobs";
import { STAGES, type StageInput, type StageName, type StageResult } from "@media/stages";
import { openStorage } from "@media/storage";
import { laneOptions } from "@media/worker";

/** A worker that is killed in the worst moment: the stage has done everything, and nobody knows it yet. */
const [uri = "", directory = "", stage = ""] = process.argv.slice(2);

const table = STAGES as Record<StageName, { run: (input: StageInput) => Promise<StageResult> }>;
const run = table[stage as StageName].run;
table[stage as StageName].run = async (input) => {
  await run(input);
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => undefined);
};

await connect(uri);
const storage = openStorage({ DATA_DIR: directory, S3_REGION: "none" });
const options = { storage, workRoot: join(directory, "work"), extras: false, tools: await describeTools(), log: () => undefined };
await drainLane(laneOptions(options, { lanes: ["video"], worker: "dying" }));
