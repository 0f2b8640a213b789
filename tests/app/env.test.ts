import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EnvError, parseEnv, SETTINGS } from "~/env.server";

function problemsOf(source: Record<string, string>): string[] {
  try {
    parseEnv(source);
    return [];
  } catch (error) {
    if (error instanceof EnvError) return error.problems;
    throw error;
  }
}

test("given no setting at all, then every default is usable and the demo runs on the embedded database", () => {
  const env = parseEnv({});
  expect(env).toMatchObject({ PORT: 3000, HOST: "127.0.0.1", PUBLIC_URL: "http://localhost:3000", DEMO: true });
});

test("the example file names exactly the settings that are read, and its values are accepted", () => {
  const lines = readFileSync(".env.example", "utf8").split("\n").filter((line) => /^[A-Z]/.test(line));
  const example = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  expect(Object.keys(example).sort()).toEqual(Object.keys(SETTINGS).sort());
  expect(problemsOf(example)).toEqual([]);
});

test.each([
  [{ PORT: "eighty" }, "PORT must be a whole number from 0 to 65535"],
  [{ PORT: "70000" }, "PORT must be a whole number from 0 to 65535"],
  [{ PUBLIC_URL: "goldbean.example" }, "PUBLIC_URL must be an http or https address"],
  [{ PUBLIC_URL: "https://goldbean.example/app" }, "PUBLIC_URL must not have a path"],
  [{ MAINLAND_RULE: "maybe" }, "MAINLAND_RULE must be true or false"],
  [{ MONGODB_URI: "postgres://db" }, "MONGODB_URI must begin with mongodb:// or mongodb+srv://"],
  [{ INTENT_SECRET: "short" }, "INTENT_SECRET must be at least 32 characters of randomness"],
  [{ SMTP_HOST: "mail.example" }, "SMTP_FROM is required with SMTP_HOST"],
  [{ S3_BUCKET: "clips", S3_ACCESS_KEY_ID: "id" }, "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are given together or not at all"],
  [{ S3_ENDPOINT: "https://objects.example" }, "S3_BUCKET is required with S3_ENDPOINT"],
  [{ UPLOAD_DISK_FREE_MIN_PERCENT: "95" }, "UPLOAD_DISK_FREE_MIN_PERCENT must be a whole number from 0 to 90"],
])("given %j, then the boot stops and says why", (source, problem) => {
  expect(problemsOf(source)).toContain(problem);
});

test("given a real database in production, then both secrets are required", () => {
  expect(problemsOf({ MONGODB_URI: "mongodb://db/goldbean" }).map((line) => line.split(" ")[0])).toEqual(["SESSION_SECRET", "INTENT_SECRET"]);
});

test("given the embedded database, then secrets are made once, readable by the owner only, and stay the same", () => {
  const DATA_DIR = mkdtempSync(join(tmpdir(), "goldbean-env-"));
  const first = parseEnv({ DATA_DIR }).INTENT_SECRET;
  expect(first).toHaveLength(64);
  expect(parseEnv({ DATA_DIR }).INTENT_SECRET).toBe(first);
  expect(statSync(join(DATA_DIR, "secrets.json")).mode & 0o777).toBe(0o600);
});
