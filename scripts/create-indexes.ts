import "./production";
import { env } from "../app/env.server";
import "../models/all.server";
import { connect, disconnect } from "../models/connection.server";
import { connectOrStart } from "../models/embedded/index";
import { ensureIndexes } from "../models/indexes.server";

/** `npm run db:indexes`: builds the indexes that are missing. Run it before a new version serves; nothing else builds them. */
const engine = env.MONGODB_URI ? null : await connectOrStart(env.DATA_DIR, { port: env.EMBEDDED_PORT });
await connect(env.MONGODB_URI ?? engine?.uri ?? "");
console.log(`${await ensureIndexes()} indexes are in place.`);
await disconnect();
await engine?.close();
