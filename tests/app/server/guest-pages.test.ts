import { expect, test, vi } from "vitest";
import { ask, serve } from "../../support/server";

const ENGLISH = { "Accept-Language": "en-GB,en;q=0.9" };
const CHINESE = { "Accept-Language": "zh-CN,zh;q=0.9" };

function page(text: string, headers: Record<string, string> = {}): Response {
  return new Response(`<!doctype html><title>${text}</title>`, { headers: { "Content-Type": "text/html; charset=utf-8", ...headers } });
}

/** A renderer that counts, so that a test can say how often a page was really made. */
function counting(headers: Record<string, string> = {}) {
  const made: string[] = [];
  return {
    made,
    answer: (request: Request) => {
      const { pathname, search } = new URL(request.url);
      made.push(`${request.headers.get("Accept-Language")} ${pathname}${search}`);
      return page(`${made.length}`, headers);
    },
  };
}

test("given a guest page, when it is asked for again, then it is made once", async () => {
  const { made, answer } = counting();
  const { origin } = await serve(answer);
  const first = await ask(origin, "/latest", { headers: CHINESE });
  const second = await ask(origin, "/latest", { headers: CHINESE });
  expect(second.body).toBe(first.body);
  expect(made).toEqual(["zh-CN /latest"]);
});

test("given 200 guests at the same moment, then the page is made once", async () => {
  const { made, answer } = counting();
  const { origin } = await serve(answer);
  const replies = await Promise.all(Array.from({ length: 200 }, () => ask(origin, "/hot", { headers: CHINESE })));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  expect(made).toHaveLength(1);
});

test("given query parameters that no page knows, then they make no entry and reach no loader", async () => {
  const { made, answer } = counting();
  const { origin, cache } = await serve(answer);
  await ask(origin, "/latest?utm_source=a&cursor=k1.p1&utm_medium=b", { headers: CHINESE });
  await ask(origin, "/latest?cursor=k1.p1&fbclid=77", { headers: CHINESE });
  await ask(origin, "/latest?cursor=k1.p1&lang=tlh", { headers: CHINESE });
  expect(made).toEqual(["zh-CN /latest?cursor=k1.p1"]);
  expect(cache.pages).toBe(1);
});

test("given two languages, then each has its own page; a cookie and ?lang choose like the app does", async () => {
  const { made, answer } = counting();
  const { origin } = await serve(answer);
  await ask(origin, "/latest", { headers: CHINESE });
  await ask(origin, "/latest", { headers: ENGLISH });
  await ask(origin, "/latest", { headers: { ...CHINESE, Cookie: "lang=en" } });
  await ask(origin, "/latest?lang=en", { headers: CHINESE });
  expect(made).toEqual(["zh-CN /latest", "en /latest", "en /latest?lang=en"]);
});

test("given a member or a reader with a notice waiting, then nothing is kept and nothing kept is served", async () => {
  const { made, answer } = counting();
  const { origin, cache } = await serve(answer);
  await ask(origin, "/latest", { headers: { ...CHINESE, Cookie: "lang=en; sid=abc.def" } });
  await ask(origin, "/latest", { headers: { ...CHINESE, Cookie: "flash=hello" } });
  expect(made).toHaveLength(2);
  expect(cache.pages).toBe(0);
});

test("given a guest's own headers, then none of them reaches the loader of a page kept for all", async () => {
  let seen: Headers | undefined;
  const { origin } = await serve((request) => {
    seen = request.headers;
    return page("x");
  });
  await ask(origin, "/latest", { headers: { ...ENGLISH, Cookie: "lang=en; other=1", "X-Forwarded-Host": "evil.example", "User-Agent": "one" } });
  expect(Object.fromEntries(seen ?? [])).toMatchObject({ "accept-language": "en", accept: "text/html" });
  expect(seen?.get("Cookie")).toBeNull();
  expect(seen?.get("User-Agent")).toBeNull();
});

test("given an answer that is no plain success, then it is passed on and not kept", async () => {
  const { origin, cache } = await serve((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/posts/gone") return new Response("gone", { status: 410 });
    if (pathname === "/posts/moved") return new Response(null, { status: 302, headers: { Location: "/posts/there" } });
    if (pathname === "/posts/private") return page("mine", { "Cache-Control": "no-store" });
    return page("x", { "Set-Cookie": "sid=stolen" });
  });
  expect((await ask(origin, "/posts/gone")).status).toBe(410);
  expect((await ask(origin, "/posts/moved")).headers.location).toBe("/posts/there");
  expect((await ask(origin, "/posts/private")).body).toContain("mine");
  const withCookie = await ask(origin, "/posts/other");
  expect(withCookie.headers["set-cookie"]).toBeUndefined();
  expect(cache.pages).toBe(0);
});

test("given a reader who has the page, then 304 comes without a body, for each coding its own tag", async () => {
  const { answer } = counting();
  const { origin } = await serve(answer);
  const plain = await ask(origin, "/latest");
  const gzip = await ask(origin, "/latest", { headers: { "Accept-Encoding": "gzip" } });
  expect(plain.headers.etag).not.toBe(gzip.headers.etag);
  const again = await ask(origin, "/latest", { headers: { "Accept-Encoding": "gzip", "If-None-Match": String(gzip.headers.etag) } });
  expect(again).toMatchObject({ status: 304, body: "" });
  const head = await ask(origin, "/latest", { method: "HEAD" });
  expect(head).toMatchObject({ status: 200, body: "" });
  expect(head.headers["content-length"]).toBe(plain.headers["content-length"]);
});

test("given codings, then the best accepted one is sent, and one that is refused is not", async () => {
  const text = "金豆".repeat(4_000);
  const { origin } = await serve(() => page(text));
  const best = await ask(origin, "/latest", { headers: { "Accept-Encoding": "gzip, deflate, br" } });
  expect(best.headers["content-encoding"]).toBe("br");
  const refused = await ask(origin, "/latest", { headers: { "Accept-Encoding": "gzip;q=0, br;q=0.0" } });
  expect(refused.headers["content-encoding"]).toBeUndefined();
  expect(refused.body).toContain(text);
  const raw = await fetch(`${origin}/latest`, { headers: { "Accept-Encoding": "gzip" } });
  expect(await raw.text()).toContain(text);
});

test("given tags, then they stay inside, and a page is dropped by its tag alone", async () => {
  const { made, answer } = counting({ "X-Page-Tags": "feed:latest:zh-CN post:7" });
  const { origin, cache } = await serve(answer);
  const reply = await ask(origin, "/latest");
  expect(reply.headers["x-page-tags"]).toBeUndefined();
  expect(cache.invalidate(["post:8"])).toBe(0);
  await ask(origin, "/latest");
  expect(made).toHaveLength(1);
  expect(cache.invalidate(["post:7"])).toBe(1);
  await ask(origin, "/latest");
  expect(made).toHaveLength(2);
});

test("given a write while its page is being made, then the older page is sent once and not kept", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { origin, cache } = await serve(async () => {
    await held;
    return page("old", { "X-Page-Tags": "post:7" });
  });
  const reply = ask(origin, "/posts/7");
  await expect.poll(() => cache.making).toBe(1);
  cache.invalidate(["post:7"]);
  release();
  expect((await reply).body).toContain("old");
  expect(cache.pages).toBe(0);
});

test("given more bytes than allowed, then the pages used longest ago go", async () => {
  const { answer } = counting();
  const { origin, cache } = await serve(answer, { PAGE_CACHE_BYTES_MAX: "40000" });
  for (let i = 0; i < 60; i += 1) await ask(origin, `/posts/p${i}`);
  expect(cache.bytes).toBeLessThanOrEqual(40_000);
  expect(cache.pages).toBeGreaterThan(3);
  expect(cache.get("zh-CN /posts/p59", Date.now())).toBeDefined();
  expect(cache.get("zh-CN /posts/p0", Date.now())).toBeUndefined();
});

test("given a page past its age, then it is sent once more while a new one is made; when that fails it stays", async () => {
  let broken = false;
  let version = 0;
  const { origin, cache } = await serve(() => {
    if (broken) return new Response("broken", { status: 500 });
    version += 1;
    return page(`v${version}`);
  });
  await ask(origin, "/latest");
  expect(cache.pages).toBe(1);
  // Only the clock is faked: timers, sockets and zlib go on as they are.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  expect((await ask(origin, "/latest")).body).toContain("v1");
  await expect.poll(async () => (await ask(origin, "/latest")).body).toContain("v2");
  broken = true;
  vi.setSystemTime(Date.now() + 3_600_000);
  const kept = await ask(origin, "/latest");
  vi.useRealTimers();
  expect(kept.status).toBe(200);
  expect(kept.body).toContain("v2");
});
