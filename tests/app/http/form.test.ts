import { describe, expect, test } from "vitest";
import { z } from "zod";
import { env } from "~/env.server";
import { FORM_BYTES_MAX, parseForm, typedValues } from "~/http/form.server";

const OWN = new URL(env.PUBLIC_URL).origin;
const Any = z.record(z.string(), z.unknown());

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request(`${OWN}/form`, { method: "POST", body, headers: { Origin: OWN, ...headers }, duplex: "half" } as RequestInit);
}

const form = (fields: string): Request => post(fields, { "Content-Type": "application/x-www-form-urlencoded" });
const json = (value: unknown): Request => post(JSON.stringify(value), { "Content-Type": "application/json" });
const textOf = (text: string): Request => post(new URLSearchParams({ text }));

describe("what is refused before a schema sees it", () => {
  test.each([
    "password[$gt]=",
    "password%5B%24gt%5D=",
    "$where=1",
    "a.b=1",
    "__proto__=1",
    "__proto__[isAdmin]=1",
    "constructor[prototype][x]=1",
    "=1",
    "1a=1",
    `${"a".repeat(65)}=1`,
  ])("given the form %j, then its field name is refused", async (fields) => {
    await expect(parseForm(Any, form(fields))).rejects.toMatchObject({ code: "INVALID", messageKey: "form.badField" });
  });

  test.each([{ password: { $gt: "" } }, { a: { b: { $ne: 1 } } }, { list: [{ $where: "1" }] }, { "a.b": 1 }])("given the JSON %j, then it is refused", async (value) => {
    await expect(parseForm(Any, json(value))).rejects.toMatchObject({ code: "INVALID", messageKey: "form.badField" });
  });

  test("given a prototype in JSON, then it is refused and nothing is polluted", async () => {
    const request = post('{"__proto__":{"polluted":true}}', { "Content-Type": "application/json" });
    await expect(parseForm(Any, request)).rejects.toMatchObject({ messageKey: "form.badField" });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("given an operator where text is expected, then the schema refuses it as a field", async () => {
    const Login = z.object({ handle: z.string() });
    await expect(parseForm(Login, json({ handle: { gt: "" } }))).rejects.toMatchObject({ code: "INVALID", fields: { handle: "form.invalid" } });
    await expect(parseForm(Login, form("handle=a&handle=b"))).rejects.toMatchObject({ fields: { handle: "form.invalid" } });
  });

  test.each([
    ["a\u0000b", "form.controlCharacters"],
    ["a\u001bb", "form.controlCharacters"],
    ["a\u0085b", "form.controlCharacters"],
    ["txt.\u202egnp", "form.directionOverride"],
    ["a\u2066b\u2069", "form.directionOverride"],
    [`a${"\u200b".repeat(4)}b`, "form.invisibleFlood"],
    ["好\u200b".repeat(30), "form.invisibleFlood"],
    [`a${"\u0301".repeat(6)}`, "form.markFlood"],
  ])("given the text %j, then it is refused as %s, at its field", async (text, messageKey) => {
    await expect(parseForm(Any, textOf(text))).rejects.toMatchObject({ code: "INVALID", messageKey, fields: { text: messageKey } });
  });

  test.each(["两行\n文字\t和制表", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽", "é ñ ü Ǟ", "ضمان", "ก็", "a\u200bb", "1\u20e3"])("given the ordinary text %j, then it passes unchanged", async (text) => {
    expect(await parseForm(Any, textOf(text))).toEqual({ text });
  });

  test("given line ends of a form, then they arrive as line feeds", async () => {
    expect(await parseForm(Any, textOf("a\r\nb\rc"))).toEqual({ text: "a\nb\nc" });
  });

  test.each(["text/plain", "application/xml", "text/csv"])("given %s, then it is not a form", async (type) => {
    await expect(parseForm(Any, post("x=1", { "Content-Type": type }))).rejects.toMatchObject({ code: "INVALID", messageKey: "form.notAForm" });
  });

  test.each([
    ["{", "application/json"],
    ["x", "multipart/form-data"],
    ["--b\r\nbroken", "multipart/form-data; boundary=b"],
  ])("given the damaged body %j, then it is refused and not a crash", async (body, type) => {
    await expect(parseForm(Any, post(body, { "Content-Type": type }))).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("size", () => {
  test("given 10 MB, then it is refused by its length alone", async () => {
    const request = post(`text=${"a".repeat(10_000_000)}`, { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": "10000005" });
    await expect(parseForm(Any, request)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  test("given a stream that never says how long it is, then reading stops at the limit", async () => {
    let sentBytes = 0;
    const chunk = new TextEncoder().encode("a".repeat(65_536));
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sentBytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    await expect(parseForm(Any, post(body, { "Content-Type": "application/x-www-form-urlencoded" }))).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(sentBytes).toBeLessThan(FORM_BYTES_MAX + 10 * chunk.byteLength);
  });

  test("given two hundred and one fields, then it is not one of our forms", async () => {
    await expect(parseForm(Any, form(Array.from({ length: 201 }, (_, at) => `f${at}=1`).join("&")))).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("what is typed", () => {
  const Post = z.object({ title: z.string().min(1), body: z.string().min(10, "compose.bodyShort"), list: z.array(z.string()).max(1).optional() });

  test("given a refused form, then every field comes back but the secrets, and the errors name their field", async () => {
    const request = post(new URLSearchParams({ title: "", body: "短", password: "secret", code: "123456" }));
    await expect(parseForm(Post, request)).rejects.toMatchObject({ fields: { title: "form.required", body: "compose.bodyShort" } });
    expect(await typedValues(request)).toEqual({ title: "", body: "短" });
  });

  test("given a body that was refused unread, then nothing comes back and nothing breaks", async () => {
    const request = form("a[$gt]=1");
    await expect(parseForm(Any, request)).rejects.toMatchObject({ code: "INVALID" });
    expect(await typedValues(request)).toEqual({});
  });

  test("given a form that is read twice, then it says the same", async () => {
    const request = textOf("once");
    expect(await parseForm(Any, request)).toEqual(await parseForm(Any, request));
  });
});

describe("where it comes from", () => {
  const from = (headers: Record<string, string>): Promise<unknown> =>
    parseForm(Any, new Request(`${OWN}/form`, { method: "POST", body: new URLSearchParams({ a: "1" }), headers }));

  test.each<Record<string, string>>([
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: `${OWN}.evil.example` },
    { Origin: "http://localhost:1" },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
    { Referer: "https://evil.example/page" },
    { Referer: "not an address" },
  ])("given %j, then it is refused", async (headers) => {
    await expect(from(headers)).rejects.toMatchObject({ code: "FORBIDDEN", messageKey: "errors.crossSite" });
  });

  test.each<Record<string, string>>([{ Origin: OWN }, { "Sec-Fetch-Site": "same-origin" }, { "Sec-Fetch-Site": "none" }, { Referer: `${OWN}/page` }, {}])("given %j, then it passes", async (headers) => {
    await expect(from(headers)).resolves.toEqual({ a: "1" });
  });
});
