/** One request at a time, as a reader's browser makes it, with what the server says about its own time. */
export interface Probe {
  status: number;
  totalMs: number;
  /** Loaders alone, from the Server-Timing header; NaN for a kept page. */
  loadMs: number;
  renderMs: number;
  body: string;
  bytes: number;
}

/** A session cookie that no member has: the page is rendered for this request, as a guest sees it. */
export const UNCACHED = { Cookie: "sid=bench.none" };

export async function probe(url: string, headers: Record<string, string> = {}): Promise<Probe> {
  const startedAtMs = performance.now();
  const response = await fetch(url, { headers: { "Accept-Language": "zh-CN", ...headers }, redirect: "manual" });
  const body = Buffer.from(await response.arrayBuffer());
  const totalMs = performance.now() - startedAtMs;
  const timing = response.headers.get("Server-Timing") ?? "";
  return {
    status: response.status,
    totalMs,
    loadMs: Number(/load;dur=([\d.]+)/.exec(timing)?.[1] ?? Number.NaN),
    renderMs: Number(/render;dur=([\d.]+)/.exec(timing)?.[1] ?? Number.NaN),
    body: body.toString("utf8"),
    bytes: body.length,
  };
}

/** Compressed bytes of a page as a browser receives them. */
export async function compressedBody(url: string): Promise<Buffer> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { "Accept-Encoding": "br", "Accept-Language": "zh-CN" }, agent: false }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("end", () => resolve(Buffer.concat(chunks)));
      reply.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Paths of the first posts of a list page. */
export function postPathsIn(html: string): string[] {
  return [...new Set([...html.matchAll(/href="(\/posts\/[\w-]{6,64})"/g)].map(([, path = ""]) => path))].filter((path) => path !== "/posts/new");
}
