import { createHash } from "node:crypto";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { replaceNonceByHashes } from "~/server/csp";
import { ask, serve } from "../../support/server";

const MEMBER = { Cookie: "sid=a.b" };
const html = (body: string) => new Response(body, { headers: { "Content-Type": "text/html; charset=utf-8" } });
const noncesIn = (policy: unknown) => [...String(policy).matchAll(/'nonce-([^']+)'/g)].map(([, nonce]) => nonce);

test("given pages rendered for their request, then each names its own nonce and nothing inline is allowed besides", async () => {
  const { origin } = await serve(() => html("<p>hello</p>"));
  const policies = await Promise.all(Array.from({ length: 20 }, async () => (await ask(origin, "/account", { headers: MEMBER })).headers["content-security-policy"]));
  expect(new Set(policies.flatMap(noncesIn)).size).toBe(20);
  for (const policy of policies) expect(policy).not.toContain("unsafe");
});

test("given a page kept for guests, then it names hashes, and no nonce is served", async () => {
  const { origin } = await serve(() => html("<script>alert(1)</script>"));
  const { headers } = await ask(origin, "/latest");
  expect(noncesIn(headers["content-security-policy"])).toEqual([]);
  // The script did not carry the nonce of the rendering: it is not ours, and keeping the page must not bless it.
  expect(headers["content-security-policy"]).toMatch(/script-src 'self'$/);
});

test("given a rendered page, then exactly the scripts with its nonce are named by hash, and the nonce goes", () => {
  const source = "window.a = 1 < 2;";
  const page = `<script nonce="N1">${source}</script><script nonce="N1" type="module" src="/a.js"></script><script>evil()</script><script nonce="N2">old()</script>`;
  const { html: clean, hashes } = replaceNonceByHashes(page, "N1");
  expect(hashes).toEqual([`'sha256-${createHash("sha256").update(source).digest("base64")}'`]);
  expect(clean).not.toContain("N1");
});

test("given every kind of answer, then the security headers are there and a form without scripts keeps its origin", async () => {
  const { origin } = await serve(() => html("x"));
  for (const [path, headers] of [["/latest", {}], ["/account", MEMBER]] as const) {
    const reply = await ask(origin, path, { headers });
    expect(reply.headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "strict-origin-when-cross-origin" });
    expect(reply.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(reply.headers["x-powered-by"]).toBeUndefined();
  }
});

test.each([
  ["its own origin", (origin: string) => ({ Origin: origin }), 200],
  ["another site", () => ({ Origin: "https://evil.example" }), 403],
  ["an opaque origin", () => ({ Origin: "null" }), 403],
  ["another port of the same host", () => ({ Origin: "http://127.0.0.1:1" }), 403],
  ["another site in the referrer", () => ({ Referer: "https://evil.example/page" }), 403],
  ["its own page in the referrer", (origin: string) => ({ Referer: `${origin}/posts/1` }), 200],
  ["another site, and a Host header that claims to be it", () => ({ Origin: "https://evil.example", "X-Forwarded-Host": "evil.example" }), 403],
])("given a form from %s, then it is judged by where it comes from", async (_from, headersFor, status) => {
  const { origin } = await serve(() => html("done"));
  const body = "liked=true";
  const headers = { ...headersFor(origin), "Content-Type": "application/x-www-form-urlencoded", "Content-Length": String(body.length), "Accept-Language": "en" };
  const reply = await ask(origin, "/posts/1/like", { method: "POST", headers, body });
  expect(reply.status).toBe(status);
  if (status === 403) expect(reply.body).toContain("Nothing was changed");
});

test("given PUBLIC_URL, then forms must come from it and the app sees it as its own address", async () => {
  let seen = "";
  const { origin } = await serve(
    (request) => {
      seen = request.url;
      return html("done");
    },
    { PUBLIC_URL: "https://goldbean.example" },
  );
  expect((await ask(origin, "/x", { method: "POST", headers: { Origin: origin } })).status).toBe(403);
  const reply = await ask(origin, "/x", { method: "POST", headers: { Origin: "https://goldbean.example" } });
  expect(reply.status).toBe(200);
  expect(seen).toBe("https://goldbean.example/x");
  expect(reply.headers["strict-transport-security"]).toContain("max-age=31536000");
});

test("given a body of 10 MB, announced or not, then it is refused with a sentence and the route is never called", async () => {
  let calls = 0;
  const { origin } = await serve(() => {
    calls += 1;
    return html("done");
  });
  const body = "x".repeat(10_000_000);
  const announced = await ask(origin, "/x", { method: "POST", headers: { Origin: origin, "Content-Length": String(body.length) }, body: "x" }).catch((error: Error) => error);
  expect(announced).toMatchObject({ status: 413 });
  const chunked = await ask(origin, "/x", { method: "POST", headers: { Origin: origin, "Transfer-Encoding": "chunked" }, body }).catch((error: Error) => error);
  // The server stops reading; depending on timing the client sees the answer or its own broken pipe.
  if (!(chunked instanceof Error)) expect(chunked.status).toBe(413);
  expect(calls).toBe(0);
});

test.each(["//evil.example/x", "/%", "/a\\b", "/posts/%00", `/${"a".repeat(500)}`, "/latest?cursor[$gt]=1", "/latest?%ZZ"])("given the address %s, then the answer is no server error", async (path) => {
  const { origin } = await serve((request) => html(new URL(request.url).host));
  const reply = await ask(origin, path);
  expect(reply.status).toBeLessThan(500);
  expect(reply.body).not.toContain("evil.example");
});

test("given more requests than can be worked on, then the rest is refused at once, kept pages are still served, and it recovers", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { origin, gate } = await serve(async (request) => {
    if (new URL(request.url).pathname === "/slow") await held;
    return html("done");
  }, { RENDER_CONCURRENCY: "2", RENDER_QUEUE: "3", RENDER_WAIT_MS: "5000" });
  await ask(origin, "/latest");
  const slow = Array.from({ length: 5 }, () => ask(origin, "/slow", { headers: MEMBER }));
  await expect.poll(() => gate.full).toBe(true);

  const refused = await ask(origin, "/slow", { headers: { ...MEMBER, "Accept-Language": "zh-CN" } });
  expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
  expect(refused.body).toContain("请等 2 秒再试");
  expect((await ask(origin, "/latest")).status).toBe(200);
  expect((await ask(origin, "/hot")).status).toBe(503);
  expect((await ask(origin, "/healthz")).status).toBe(200);

  release();
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect((await ask(origin, "/slow", { headers: MEMBER })).status).toBe(200);
  expect(gate.running).toBe(0);
});

test("given a request that waits longer than allowed, then it is refused with 503", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { origin, gate } = await serve(() => held.then(() => html("done")), { RENDER_CONCURRENCY: "1", RENDER_WAIT_MS: "50" });
  const first = ask(origin, "/a", { headers: MEMBER });
  await expect.poll(() => gate.running).toBe(1);
  expect((await ask(origin, "/b", { headers: MEMBER })).status).toBe(503);
  release();
  expect((await first).status).toBe(200);
});

test("given a stop, then running requests finish, new ones find nobody, and idle connections are closed", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const server = await serve(() => held.then(() => html("finished")));
  const { port } = new URL(server.origin);
  const idle = connect(Number(port), "127.0.0.1");
  const idleClosed = new Promise((resolve) => idle.once("close", resolve));
  await new Promise((resolve) => idle.once("connect", resolve));
  const slow = ask(server.origin, "/slow", { headers: MEMBER });
  await expect.poll(() => server.gate.running).toBe(1);
  const stopped = server.stop();
  await expect(ask(server.origin, "/latest")).rejects.toThrow();
  release();
  expect(await slow).toMatchObject({ status: 200, body: "finished" });
  await Promise.all([stopped, idleClosed]);
});

test("given the operational addresses, then they say what is usable, and figures stay on this machine", async () => {
  const { origin } = await serve(() => html("x"));
  await ask(origin, "/latest");
  await ask(origin, "/latest");
  expect(JSON.parse((await ask(origin, "/readyz")).body)).toEqual({ ready: true, draining: false, checks: { database: "ok", storage: "ok" }, details: {} });
  const metrics = await ask(origin, "/metrics");
  expect(metrics.body).toContain("goldbean_pages_served_total 1");
  expect(metrics.body).toContain('goldbean_pages_made_total{outcome="kept"} 1');
  expect((await ask(origin, "/metrics", { headers: { "X-Forwarded-For": "203.0.113.9" } })).status).toBe(404);
});

test("given a renderer that throws, then the answer tells nothing of the fault and carries the number of the request", async () => {
  const { origin } = await serve(() => {
    throw new Error("boom");
  });
  const reply = await ask(origin, "/x", { headers: { ...MEMBER, "Accept-Language": "en" } });
  expect(reply.status).toBe(500);
  expect(reply.body).not.toContain("boom");
  expect(reply.headers["x-request-id"]).toMatch(/^[\w-]{8,}$/);
});
