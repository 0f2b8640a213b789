import "./production";
import { join } from "node:path";
import { env } from "../app/env.server";
import { getStorage } from "../app/services/storage.server";
import { reap } from "../media/reaper";
import "../models/all.server";
import { connect, disconnect } from "../models/connection.server";
import { connectOrStart } from "../models/embedded/index";

/** `npm run media:reap`: deletes uploads older than a day and what crashes left behind. The worker does the same every hour. */
const engine = env.MONGODB_URI ? null : await connectOrStart(env.DATA_DIR, { port: env.EMBEDDED_PORT });
await connect(env.MONGODB_URI ?? engine?.uri ?? "");
const { sources, strays, folders } = await reap({ storage: getStorage(), workRoot: join(env.DATA_DIR, "media-work") }, new Date());
console.log(`${sources} uploads, ${strays} stray assets and ${folders} work folders were deleted.`);
await disconnect();
await engine?.close();
