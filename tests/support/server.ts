import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerBuild } from "@remix-run/node";
import { afterEach } from "vitest";
import { parseEnv } from "~/env.server";
import { startServer, type RunningServer } from "~/server";
import type { AnswerMedia } from "~/server/media";
import type { MediaHealth } from "~/server/health";

/** The real server around a very small app: what a route answers is decided by the test. */
export type Answer = (request: Request) => Response | Promise<Response>;

const running: (RunningServer & { dataDir: string })[] = [];

afterEach(async () => {
  await Promise.all(
    running.splice(0).map(async ({ stop, dataDir }) => {
      await stop();
      await rm(dataDir, { recursive: true, force: true });
    }),
  );
});

export interface TestServer extends RunningServer {
  origin: string;
}

export async function serve(answer: Answer, settings: Record<string, string> = {}, options: { followEvents?: boolean; media?: AnswerMedia; health?: MediaHealth } = {}): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "goldbean-server-"));
  const server = await startServer({
    env: parseEnv({ NODE_ENV: "test", PORT: "0", DATA_DIR: dataDir, SHUTDOWN_GRACE_MS: "2000", ...settings }),
    build: appOf(answer, options.media),
    clientDirectory: join(dataDir, "none"),
    health: { pingDatabase: () => Promise.resolve(true), dataDir, media: options.health },
    followEvents: options.followEvents ?? false,
  });
  running.push({ ...server, dataDir });
  return { ...server, origin: `http://127.0.0.1:${server.port}` };
}

/** One catch-all resource route, so that the answer reaches the server as the test made it. */
function appOf(answer: Answer, answerMedia?: AnswerMedia): ServerBuild {
  const act = ({ request }: { request: Request }) => answer(request);
  return {
    entry: { module: { default: () => new Response("no document here", { status: 500 }), answerMedia } },
    routes: { all: { id: "all", path: "*", module: { loader: act, action: act } } },
    assets: { entry: { imports: [], module: "" }, routes: {}, url: "", version: "test" },
    assetsBuildDirectory: "none",
    publicPath: "/",
    basename: "/",
    mode: "production",
    isSpaMode: false,
    future: {
      v3_fetcherPersist: true,
      v3_relativeSplatPath: true,
      v3_throwAbortReason: true,
      v3_lazyRouteDiscovery: true,
      v3_routeConfig: false,
      v3_singleFetch: true,
      unstable_optimizeDeps: false,
    },
  } as unknown as ServerBuild;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request exactly as written: fetch() would add headers of its own and refuse some of ours. */
export function ask(origin: string, path: string, { method = "GET", headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const sent = request({ hostname, port, path, method, headers, agent: false }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("end", () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks).toString("utf8") }));
      reply.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
