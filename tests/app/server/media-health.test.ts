import { expect, test } from "vitest";
import type { MediaTools } from "@media/ffmpeg";
import { createMediaHealth, type MediaHealthOptions } from "~/server/media-health";
import { ask, serve } from "../../support/server";

const TOOLS: MediaTools = {
  ffmpeg: { path: "/usr/bin/ffmpeg", origin: "system" },
  ffprobe: { path: "/usr/bin/ffprobe", origin: "system" },
  version: "5.1.9",
  year: 2025,
  can: { libx264: true, aac: true, libsvtav1: true, zscale: true, tonemap: true, setparams: true, bwdif: true, yadif: true, ebur128: true, alimiter: true, thumbnail: true },
  notices: [],
};
const NO_TOOLS: MediaTools = { ...TOOLS, ffmpeg: null, ffprobe: null, version: null, notices: ["Install it."] };

const healthOf = (given: Partial<MediaHealthOptions> = {}) =>
  createMediaHealth({
    FFMPEG_PATH: undefined,
    FFMPEG_BIN: undefined,
    FFPROBE_PATH: undefined,
    storage: { check: () => Promise.resolve(true) },
    find: () => ({ ffmpeg: null, ffprobe: null }),
    tools: () => Promise.resolve(TOOLS),
    sandbox: () => ({ kind: "bwrap", detail: "no network" }),
    ...given,
  });
const readyz = async (origin: string, headers: Record<string, string> = {}) => JSON.parse((await ask(origin, "/readyz", { headers })).body) as { ready: boolean; checks: object; details?: object };

test("given everything in place, then /readyz names it, and where it lies is for operators alone", async () => {
  const { origin } = await serve(() => new Response("x"), {}, { health: healthOf() });
  const seen = await readyz(origin);
  expect(seen.checks).toEqual({ database: "ok", storage: "ok", media: "ok", encoder: "ok", sandbox: "ok" });
  expect(seen.details).toEqual({ encoder: "ffmpeg 5.1.9 (system, /usr/bin/ffmpeg)", sandbox: "no network" });
  const elsewhere = await readyz(origin, { "X-Forwarded-For": "203.0.113.9" });
  expect(elsewhere.checks).toEqual(seen.checks);
  expect(elsewhere.details).toBeUndefined();
});

test.each<[string, Partial<MediaHealthOptions>, object]>([
  ["no encoder", { tools: () => Promise.resolve(NO_TOOLS) }, { encoder: "absent" }],
  ["an encoder that cannot make H.264", { tools: () => Promise.resolve({ ...TOOLS, can: { ...TOOLS.can, libx264: false } }) }, { encoder: "failed" }],
  ["an encoder that breaks when asked", { tools: () => Promise.reject(new Error("boom")) }, { encoder: "failed" }],
  ["limits instead of a sandbox", { sandbox: () => ({ kind: "limits", detail: "user namespaces are off" }) }, { sandbox: "limited" }],
  ["no sandbox", { sandbox: () => ({ kind: "none", detail: "not Linux" }) }, { sandbox: "absent" }],
  ["a store that cannot be reached", { storage: { check: () => Promise.reject(new Error("no bucket")) } }, { media: "failed" }],
])("given %s, then it is said, and pages are served all the same", async (_what, given, expected) => {
  const { origin } = await serve(() => new Response("x"), {}, { health: healthOf(given) });
  const seen = await readyz(origin);
  expect(seen.ready).toBe(true);
  expect(seen.checks).toMatchObject(expected);
});

test("given questions one after the other, then the programs are asked once and the store once in five seconds", async () => {
  const calls = { tools: 0, store: 0 };
  const health = healthOf({
    tools: () => {
      calls.tools += 1;
      return Promise.resolve(TOOLS);
    },
    storage: {
      check: () => {
        calls.store += 1;
        return Promise.resolve(true);
      },
    },
  });
  for (let i = 0; i < 5; i += 1) await health.check();
  expect(calls).toEqual({ tools: 1, store: 1 });
});

test("given an encoder that is installed while the server runs, then it is found", async () => {
  let installed = false;
  const asked: unknown[] = [];
  const health = healthOf({
    find: () => (installed ? { ffmpeg: TOOLS.ffmpeg, ffprobe: TOOLS.ffprobe } : { ffmpeg: null, ffprobe: null }),
    tools: (settings) => {
      asked.push(settings);
      return Promise.resolve(installed ? TOOLS : NO_TOOLS);
    },
  });
  const encoder = async () => (await health.check()).find(({ name }) => name === "encoder")?.state;
  expect([await encoder(), await encoder()]).toEqual(["absent", "absent"]);
  installed = true;
  expect([await encoder(), await encoder()]).toEqual(["ok", "ok"]);
  expect(asked).toHaveLength(2);
});
