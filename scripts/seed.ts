import "./production";
import { parseArgs } from "node:util";
import { env } from "../app/env.server";
import "../models/all.server";
import { connect, disconnect } from "../models/connection.server";
import { connectOrStart } from "../models/embedded/index";
import { ensureIndexes } from "../models/indexes.server";
import { loadSeedContent } from "./seed/content";
import { isPlanted, plant } from "./seed/plant";
import { plantScale } from "./seed/scale";

/**
 * `npm run seed`: the demo content into an empty database; `npm run seed -- --scale posts=100000`: a large set for measuring.
 * Works beside a running server, through its socket.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { scale: { type: "string" } } });
  const posts = values.scale === undefined ? null : Number(/^posts=(\d{1,7})$/.exec(values.scale)?.[1] ?? Number.NaN);
  if (posts !== null && Number.isNaN(posts)) throw new Error("--scale is written posts=N, for example --scale posts=100000");
  const engine = env.MONGODB_URI ? null : await connectOrStart(env.DATA_DIR, { port: env.EMBEDDED_PORT });
  await connect(env.MONGODB_URI ?? engine?.uri ?? "");
  try {
    if (!env.MONGODB_URI) await ensureIndexes();
    const startedAtMs = performance.now();
    if (posts !== null) await plantScale({ posts }, new Date(), (done) => process.stdout.write(`\r${done} posts`));
    else if (await isPlanted()) return console.log("The database has content already; nothing was changed.");
    else console.log("Planted", await plant(loadSeedContent(), new Date()));
    console.log(`\nDone in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s.`);
  } finally {
    await disconnect();
    await engine?.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
