import { request } from "node:http";
import { beforeAll, describe, expect, inject, test } from "vitest";

/** Bad input over plain HTTP, as a person or a tool would send it: the right status, a sentence, nothing changed, nothing lost. */
const origin = (): string => inject("origin");
let cookie = "";
let post = "";

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

function send(path: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Response> {
  return fetch(origin() + path, { method, redirect: "manual", headers: { Accept: "text/html", Origin: origin(), ...headers }, ...(body === undefined ? {} : { body }) });
}

function form(path: string, fields: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Response> {
  const body = typeof fields === "string" ? fields : new URLSearchParams(fields).toString();
  return send(path, { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded", Cookie: cookie, ...headers }, body });
}

/** As a member sees it: a guest's page may be one that was kept from before. */
async function likeCount(): Promise<string> {
  const html = await (await send(post, { headers: { Cookie: cookie } })).text();
  const count = /class="bar"[\s\S]*?<span class="num">([\d,]+)<\/span>/.exec(html)?.[1];
  if (count === undefined) throw new Error("the page shows no number of likes");
  return count;
}

beforeAll(async () => {
  const answer = await form("/login?with=password", { step: "password", handle: "zhouzhou", password: "jindou-demo-2026" });
  cookie = (answer.headers.getSetCookie().find((line) => line.startsWith("sid=")) ?? "").split(";")[0] ?? "";
  expect(cookie).toMatch(/^sid=./);
  post = /href="(\/posts\/[\w-]{6,})"/.exec((await (await send("/topics/fraud")).text()).replaceAll("/posts/new", ""))?.[1] ?? "";
  expect(post).not.toBe("");
});

describe("addresses", () => {
  test.each([
    ["/posts/..%2f..%2fetc", 404],
    ["/posts/%00", 404],
    [`/posts/${"x".repeat(3_000)}`, 404],
    ["/latest?cursor=-1", 422],
    ["/latest?cursor=99999999999999999999.x", 422],
    ["/latest?page=1000000000", 200],
    ["/latest?lang=klingon", 200],
    ["/latest?lang[$gt]=", 200],
    ["/topics/funds?cursor[$gt]=", 200],
    ["/new-posts?feed=latest&since=yesterday", 422],
    ["/new-posts?feed[$ne]=x&since=2026-01-01", 422],
    ["/search?q=%7B%22%24gt%22%3A%22%22%7D", 200],
  ])("%s is answered with %i", async (path, status) => {
    const answer = await send(path);
    expect(answer.status).toBe(status);
    const text = await answer.text();
    expect(text).not.toMatch(/at .*\.(?:ts|js):\d+|MongoServerError|CastError/);
  });
});

describe("forms", () => {
  test.each([
    ["an operator object", "liked[$gt]=", 422],
    ["an unknown value", "liked=perhaps", 422],
    ["nothing", "", 422],
    ["the field twice", "liked=true&liked=false", 422],
    ["control characters", "liked=true%00", 422],
  ])("%s in a like changes nothing", async (_case, body, status) => {
    const before = await likeCount();
    const answer = await form(`${post}/like`, body);
    expect(answer.status).toBe(status);
    expect((await answer.text()).length).toBeGreaterThan(20);
    expect(await likeCount()).toBe(before);
  });

  test("a body announced with 10 MB is refused with 413 before it is sent", async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(origin());
      const headers = { Origin: origin(), Cookie: cookie, "Content-Type": "application/x-www-form-urlencoded", "Content-Length": "10000000" };
      const sent = request({ hostname, port, path: `${post}/like`, method: "POST", headers }, (answer) => {
        resolve(answer.statusCode ?? 0);
        sent.destroy();
      });
      sent.on("error", reject);
      sent.write("liked=true");
    });
    expect(status).toBe(413);
  });

  test.each([
    ["another site", { Origin: "https://evil.example" }],
    ["no known origin", { Origin: "null" }],
  ])("a post from %s is refused with 403", async (_case, headers) => {
    const before = await likeCount();
    const answer = await form(`${post}/like`, { liked: "true" }, headers);
    expect(answer.status).toBe(403);
    expect(await likeCount()).toBe(before);
  });

  test("an unknown session cookie is a guest: the form leads to the gate", async () => {
    const answer = await form(`${post}/like`, { liked: "true" }, { Cookie: "sid=zzzz.zzzz" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("Location")).toMatch(/^\/gate\?intent=/);
  });

  test.each([
    ["//evil.example/x"],
    ["/\\evil.example"],
    ["https://evil.example"],
    ["javascript:alert(1)"],
    ["/%09/evil.example"],
  ])("redirectTo=%s stays on this site", async (redirectTo) => {
    const answer = await form("/language", { lang: "en", redirectTo });
    expect(answer.status).toBe(303);
    const target = new URL(answer.headers.get("Location") ?? "", origin());
    expect(target.origin).toBe(origin());
  });

  test.each([
    ["empty", ""],
    ["only white space", "   \n  "],
    ["too long", "长".repeat(5_000)],
    ["hidden direction marks", "正常\u202e反过来"],
    ["a flood of invisible characters", `a${"\u200b".repeat(500)}b`],
  ])("a comment that is %s is refused and the words come back", async (_case, body) => {
    const answer = await form(`${post}/comments`, { body, submissionId: "" });
    expect(answer.status).toBe(422);
    const html = await answer.text();
    expect(html).toContain("textarea");
    if (body.trim() !== "") expect(html).toContain(body.slice(0, 2));
  });

  test("the same submission twice writes one comment", async () => {
    const body = `只应出现一次 ${Date.now()}`;
    const fields = { body, submissionId: `e2e-${Date.now().toString(36)}-once` };
    await Promise.all([form(`${post}/comments`, fields), form(`${post}/comments`, fields)]);
    const html = await (await send(`${post}?sort=newest`, { headers: { Cookie: cookie } })).text();
    expect(html.split(`<p>${body}</p>`).length - 1).toBe(1);
  });
});

describe("methods and headers", () => {
  test.each(["PUT", "PATCH", "DELETE"])("%s on a page is no server error", async (method) => {
    const answer = await send("/latest", { method, headers: { Cookie: cookie } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  test("every page carries its policy, and a guest's page has no nonce", async () => {
    const guest = await send("/latest");
    expect(guest.headers.get("Content-Security-Policy")).toMatch(/script-src[^;]*'sha256-/);
    expect(guest.headers.get("Content-Security-Policy")).not.toMatch(/unsafe-inline|'nonce-/);
    const member = await send("/latest", { headers: { Cookie: cookie } });
    expect(member.headers.get("Content-Security-Policy")).toMatch(/'nonce-/);
    const again = await send("/latest", { headers: { Cookie: cookie } });
    expect(again.headers.get("Content-Security-Policy")).not.toBe(member.headers.get("Content-Security-Policy"));
  });
});
