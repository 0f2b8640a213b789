import { describe, expect, test } from "vitest";
import { DomainError, type DomainErrorCode } from "@models/errors";
import { env } from "~/env.server";
import { statusOf, toFormRefusal, toResponse, toThrown } from "~/http/errors.server";
import { flashCookie, takeFlash } from "~/http/flash.server";
import { LoginNeeded } from "~/http/login-needed";
import { RateLimited } from "~/services/rate-limit.server";

const OWN = env.PUBLIC_URL;

function post(headers: Record<string, string> = {}): Request {
  return new Request(`${OWN}/posts/p1/like`, { method: "POST", headers: { "Accept-Language": "en", Referer: `${OWN}/posts/p1`, ...headers } });
}

const navigation = (): Request => post({ Accept: "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate" });

test.each<[DomainErrorCode, number]>([
  ["NOT_FOUND", 404],
  ["GONE", 410],
  ["FORBIDDEN", 403],
  ["UNAUTHENTICATED", 401],
  ["CONFLICT", 409],
  ["INVALID", 422],
  ["RATE_LIMITED", 429],
  ["UNAVAILABLE", 503],
  ["TOO_LARGE", 413],
])("given %s, then the status is %d, in words, as data and as a page", async (code, status) => {
  const error = new DomainError(code, "internal words");
  expect(statusOf(error)).toBe(status);
  const asData = toResponse(error, post());
  expect(asData.status).toBe(status);
  const body = (await asData.json()) as { error: string; code: string };
  expect(body).toMatchObject({ code });
  expect(body.error).not.toMatch(/internal words|^errors\./);
  const asPage = toResponse(error, navigation());
  expect(asPage.status).toBe(status);
  expect(asPage.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  expect(await asPage.text()).toContain('href="/posts/p1"');
});

describe("what is said", () => {
  test("given fields, then each gets its sentence in the reader's language", async () => {
    const error = new DomainError("INVALID", "x", { messageKey: "auth.codeWrong", params: { count: 1 }, fields: { code: "auth.codeWrong" } });
    expect(await toResponse(error, post()).json()).toMatchObject({ error: "That is not the code. You have 1 try left.", fields: { code: "That is not the code. You have 1 try left." } });
    expect(await toResponse(error, post({ "Accept-Language": "zh-CN" })).json()).toMatchObject({ error: "验证码不对，还可以试 1 次。" });
  });

  test("given a limit, then the time to wait is in the header and in the words", async () => {
    const response = toResponse(new RateLimited({ name: "x", times: 1, windowSec: 60 }, 42), post());
    expect(response.headers.get("Retry-After")).toBe("42");
    expect(await response.json()).toMatchObject({ error: "Too many tries. Try again in 42 seconds; what you typed is still here.", retryAfterSec: 42 });
  });

  test("given words of a stranger in an error, then the page shows them as text", async () => {
    const error = new DomainError("INVALID", "x", { messageKey: "<script>alert(1)</script>" });
    const html = await toResponse(error, navigation()).text();
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
  });

  test("given a bug, then it is not dressed up as a refusal", () => {
    for (const answer of [toResponse, toThrown, toFormRefusal]) expect(() => answer(new TypeError("bug"), post())).toThrow("bug");
  });
});

describe("login needed", () => {
  const needed = new LoginNeeded("/gate?intent=x");

  test("given a browser or a page script, then it is sent on", () => {
    for (const request of [navigation(), post()]) {
      const response = toResponse(needed, request);
      expect([response.status, response.headers.get("Location")]).toEqual([303, "/gate?intent=x"]);
    }
  });

  test("given a script that asks for JSON, then it gets the status and the way", async () => {
    const response = toResponse(needed, post({ Accept: "application/json" }));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "UNAUTHENTICATED", login: "/gate?intent=x" });
  });
});

describe("notices", () => {
  const AT = new Date("2026-03-02T04:00:00.000Z");
  const cookie = flashCookie({ key: "account.sessionsEnded", tone: "good", params: { count: 2 } }, AT).split(";")[0] ?? "";
  const show = (value: string, at = AT) => takeFlash(new Request(OWN, { headers: { Cookie: value, "Accept-Language": "en" } }), at);

  test("given a notice, then it is shown once, in words, and taken away", () => {
    const { notice, setCookie } = show(cookie);
    expect(notice).toEqual({ text: "2 devices were logged out.", tone: "good" });
    expect(setCookie).toMatch(/^flash=; .*Max-Age=0/);
  });

  test.each([["changed", cookie.replace("flash=e", "flash=f")], ["empty", "flash="], ["made up", "flash=e30.AAAA"]])("given a notice that is %s, then nothing is shown", (_what, value) => {
    expect(show(value).notice).toBeNull();
  });

  test("given a notice that is two minutes old, then nothing is shown", () => {
    expect(show(cookie, new Date(AT.getTime() + 120_000)).notice).toBeNull();
  });
});
