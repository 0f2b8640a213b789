import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

/**
 * Every setting, parsed once: the only reader of process.env. `.env.example` documents each of them and
 * tests/app/env.test.ts compares the two lists. A missing or malformed setting stops the boot with a sentence
 * that names it; nothing here falls back to an empty secret.
 */
const flag = z
  .enum(["true", "false", "1", "0", "yes", "no", "on", "off"], { error: "must be true or false" })
  .transform((value) => value === "true" || value === "1" || value === "yes" || value === "on");

function integer(min: number, max: number) {
  const range = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, range)
    .transform(Number)
    .refine((value) => value >= min && value <= max, range);
}

const webAddress = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), "must be an http or https address");

const secret = z.string().min(32, "must be at least 32 characters of randomness");

export const SETTINGS = {
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  /** Address the process listens on. The default is reachable from this machine only: demo passwords are public. */
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: integer(0, 65_535).default(3000),
  /** Address readers use. Links, feeds, share cards and the origin check follow it. */
  PUBLIC_URL: webAddress.optional(),
  /** Number of proxies in front whose X-Forwarded-For is believed. */
  TRUST_PROXY: integer(0, 10).default(0),
  DATA_DIR: z.string().min(1).default("./data"),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, "must begin with mongodb:// or mongodb+srv://")
    .optional(),
  /** TCP port of the embedded database on 127.0.0.1; unset = unix socket in DATA_DIR. */
  EMBEDDED_PORT: integer(1, 65_535).optional(),
  SESSION_SECRET: secret.optional(),
  INTENT_SECRET: secret.optional(),
  SMTP_HOST: z.string().min(1).optional(),
  SMTP_PORT: integer(1, 65_535).default(587),
  SMTP_SECURE: flag.default(false),
  SMTP_USER: z.string().min(1).optional(),
  SMTP_PASSWORD: z.string().min(1).optional(),
  SMTP_FROM: z.string().min(3).optional(),
  SMS_WEBHOOK_URL: webAddress.optional(),
  SMS_WEBHOOK_TOKEN: z.string().min(1).optional(),
  /** Mainland rule: verified phone before any interaction, real-name step before the first post. */
  MAINLAND_RULE: flag.default(false),
  /** Demo banner, demo accounts, on-screen outbox. Unset: on with the embedded database, off with MONGODB_URI. */
  DEMO: flag.optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).optional(),
  BODY_BYTES_MAX: integer(10_000, 100_000_000).default(1_048_576),
  PAGE_CACHE_BYTES_MAX: integer(0, 4_000_000_000).default(67_108_864),
  PAGE_CACHE_AGE_SEC: integer(1, 3_600).default(60),
  /** Pages rendered at once; more wait in a queue, and beyond the queue the answer is 503. */
  RENDER_CONCURRENCY: integer(1, 1_000).default(12),
  RENDER_QUEUE: integer(0, 10_000).default(48),
  RENDER_WAIT_MS: integer(0, 60_000).default(1_000),
  SHUTDOWN_GRACE_MS: integer(0, 600_000).default(10_000),
  /** Bucket for media, by the S3 protocol; unset = DATA_DIR/media-store. */
  S3_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be the name of a bucket").optional(),
  /** Unset: Amazon's own address of the region. */
  S3_ENDPOINT: webAddress.optional(),
  S3_REGION: z.string().min(1).default("us-east-1"),
  /** Both unset: what the machine itself is allowed (instance role, profile). */
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  /** The bucket in the path instead of the host name. Unset: on with S3_ENDPOINT. */
  S3_FORCE_PATH_STYLE: flag.optional(),
  /** New uploads are refused when less of the disk than this is free. */
  UPLOAD_DISK_FREE_MIN_PERCENT: integer(0, 90).default(10),
  /** A clip with speech is listed only once it has captions. */
  CAPTIONS_REQUIRED: flag.default(true),
  /** A 1080 rung and an AV1 rung beside the three that every clip gets. */
  MEDIA_EXTRAS: flag.default(false),
  /** Media workers that `npm start` runs beside the server; 0 when they run elsewhere. */
  MEDIA_WORKERS: integer(0, 16).default(1),
  /** How many of the demo's clips are made and planted. */
  DEMO_CLIPS: integer(0, 100).default(100),
  FFMPEG_PATH: z.string().min(1).optional(),
  /** The folder of both, or the ffmpeg in it. */
  FFMPEG_BIN: z.string().min(1).optional(),
  FFPROBE_PATH: z.string().min(1).optional(),
  /** Bearer token with which /metrics may be read from elsewhere; without it only from this machine. */
  METRICS_TOKEN: z.string().min(16, "must be at least 16 characters").optional(),
} satisfies Record<string, z.ZodType>;

type Parsed = z.output<z.ZodObject<typeof SETTINGS>>;

export interface Env extends Omit<Parsed, "DEMO" | "PUBLIC_URL" | "LOG_LEVEL" | "SESSION_SECRET" | "INTENT_SECRET"> {
  readonly DEMO: boolean;
  /** Without a trailing slash. */
  readonly PUBLIC_URL: string;
  /** True when PUBLIC_URL was given: the origin check then accepts nothing else. */
  readonly PUBLIC_URL_GIVEN: boolean;
  readonly LOG_LEVEL: NonNullable<Parsed["LOG_LEVEL"]>;
  readonly SESSION_SECRET: string;
  readonly INTENT_SECRET: string;
}

export class EnvError extends Error {
  constructor(readonly problems: string[]) {
    super(`The settings are not usable:\n${problems.map((problem) => `  - ${problem}`).join("\n")}\nSee .env.example for what each one means.`);
    this.name = "EnvError";
  }
}

/** Reads the settings out of `source`; empty values count as not given. Throws EnvError with every problem at once. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(
    Object.keys(SETTINGS)
      .map((name) => [name, source[name]?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const result = z.object(SETTINGS).safeParse(given);
  if (!result.success) throw new EnvError(result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`));
  const parsed = result.data;
  const problems = requirements(parsed);
  if (problems.length > 0) throw new EnvError(problems);

  const dataDir = resolve(parsed.DATA_DIR);
  const secrets = secretSource(parsed, dataDir);
  return Object.freeze({
    ...parsed,
    DATA_DIR: dataDir,
    DEMO: parsed.DEMO ?? (parsed.MONGODB_URI === undefined && parsed.NODE_ENV !== "test"),
    PUBLIC_URL: (parsed.PUBLIC_URL ?? `http://localhost:${parsed.PORT}`).replace(/\/+$/, ""),
    PUBLIC_URL_GIVEN: parsed.PUBLIC_URL !== undefined,
    LOG_LEVEL: parsed.LOG_LEVEL ?? (parsed.NODE_ENV === "test" ? "silent" : "info"),
    get SESSION_SECRET() {
      return parsed.SESSION_SECRET ?? secrets().session;
    },
    get INTENT_SECRET() {
      return parsed.INTENT_SECRET ?? secrets().intent;
    },
  });
}

function requirements(parsed: Parsed): string[] {
  const problems: string[] = [];
  if (parsed.MONGODB_URI && parsed.NODE_ENV === "production") {
    // Several processes may share the database, so a secret made up by one of them would not be known to the others.
    if (!parsed.SESSION_SECRET) problems.push("SESSION_SECRET is required with MONGODB_URI (for example: openssl rand -hex 32)");
    if (!parsed.INTENT_SECRET) problems.push("INTENT_SECRET is required with MONGODB_URI (for example: openssl rand -hex 32)");
  }
  if (parsed.SMTP_HOST && !parsed.SMTP_FROM) problems.push("SMTP_FROM is required with SMTP_HOST");
  if ((parsed.S3_ACCESS_KEY_ID === undefined) !== (parsed.S3_SECRET_ACCESS_KEY === undefined)) {
    problems.push("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are given together or not at all");
  }
  if (parsed.S3_ENDPOINT && !parsed.S3_BUCKET) problems.push("S3_BUCKET is required with S3_ENDPOINT");
  if (parsed.PUBLIC_URL && new URL(parsed.PUBLIC_URL).pathname !== "/") problems.push("PUBLIC_URL must not have a path");
  return problems;
}

interface Secrets {
  session: string;
  intent: string;
}

/** Secrets of a single process with the embedded database: made once, kept in DATA_DIR/secrets.json, read on first use. */
function secretSource(parsed: Parsed, dataDir: string): () => Secrets {
  let known: Secrets | undefined;
  return () => (known ??= parsed.NODE_ENV === "test" ? makeSecrets() : readOrMakeSecrets(dataDir));
}

const StoredSecrets = z.object({ session: secret, intent: secret });

function makeSecrets(): Secrets {
  return { session: randomBytes(32).toString("hex"), intent: randomBytes(32).toString("hex") };
}

function readOrMakeSecrets(dataDir: string): Secrets {
  const path = join(dataDir, "secrets.json");
  mkdirSync(dataDir, { recursive: true });
  try {
    // "wx" lets exactly one of two processes that start together write the file; the other reads it.
    writeFileSync(path, `${JSON.stringify(makeSecrets())}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const stored = StoredSecrets.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!stored.success) throw new EnvError([`${path} is damaged: restore it, or delete it (everyone is then logged out)`]);
  return stored.data;
}

export const env: Env = parseEnv(process.env);
