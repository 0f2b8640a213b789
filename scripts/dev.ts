import type * as demo from "./demo";
import type * as devDatabase from "./dev-database";
import { existsSync } from "node:fs";
import type { ServerBuild } from "@remix-run/node";
import { createServer } from "vite";

/**
 * `npm run dev`: the same server, with Vite in it instead of the built files. Pages are not kept, so that an edit shows
 * at once; the policy of the page lets Vite's own style elements and socket through, and nothing else.
 */
process.env.NODE_ENV = "development";
if (existsSync(".env")) process.loadEnvFile();

const { env } = await import("../app/env.server");
const { startServer } = await import("../app/server");
const { connect, disconnect, pingDatabase } = await import("../models/connection.server");
const { connectOrStart } = await import("../models/embedded/index");

const engine = env.MONGODB_URI ? null : await connectOrStart(env.DATA_DIR, { port: env.EMBEDDED_PORT });
await connect(env.MONGODB_URI ?? engine?.uri ?? "");
const vite = await createServer({ server: { middlewareMode: true }, appType: "custom" });

// Through Vite, because the services use what only Vite understands.
const { ensureDeclaredIndexes } = (await vite.ssrLoadModule("/scripts/dev-database.ts")) as typeof devDatabase;
await ensureDeclaredIndexes();
if (env.DEMO && engine) {
  const { prepareDemo } = (await vite.ssrLoadModule("/scripts/demo.ts")) as typeof demo;
  console.log((await prepareDemo(new Date())).describe(env.PUBLIC_URL));
}

const server = await startServer({
  env,
  build: () => vite.ssrLoadModule("virtual:remix/server-build") as Promise<ServerBuild>,
  clientDirectory: "none",
  health: { pingDatabase, dataDir: env.DATA_DIR },
  followEvents: false,
  development: {
    middleware: vite.middlewares,
    policy: (strict) => strict.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace("connect-src 'self'", "connect-src 'self' ws:"),
  },
});
console.log(`Developing at http://${env.HOST}:${server.port}`);

const stop = async () => {
  await server.stop();
  await vite.close();
  await disconnect();
  await engine?.close();
  process.exit(0);
};
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop());
