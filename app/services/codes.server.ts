import { createHmac, randomInt, timingSafeEqual } from "node:crypto";
import { nanoid } from "nanoid";
import type { Tx } from "@models/connection.server";
import { DomainError, Invalid } from "@models/errors";
import {
  CODE_TRIES_MAX,
  findCode,
  insertCode,
  replaceCode,
  takeTry,
  useCode,
  type CodePurpose,
  type OneTimeCode,
} from "@models/one-time-code.server";
import { findOutboxMessage } from "@models/outbox.server";
import { env } from "../env.server";
import "../i18n/locale.server";
import { getFixedT } from "../i18n/t";
import type { Locale } from "../i18n/locales";
import { logger } from "../logger.server";
import { notifier, type Notifier } from "./notifier.server";
import { addressKey, consume, RateLimited, type RateRule } from "./rate-limit.server";

/** One-time codes: sent, resent, tried, used. What a code allows is decided in accounts.server.ts. */
export const CODE_LIFE_MS = 5 * 60_000;
export const RESEND_AFTER_MS = 60_000;
const SENDS_PER_CHALLENGE = 5;
const KEPT_MS = 3_600_000;

/** A number is never called more often than this, whoever asks from wherever. */
const PER_TARGET: readonly RateRule[] = [
  { name: "code.target.minute", times: 2, windowSec: 60 },
  { name: "code.target.hour", times: 6, windowSec: 3_600 },
  { name: "code.target.day", times: 12, windowSec: 86_400 },
];
const PER_ADDRESS: readonly RateRule[] = [{ name: "code.address.hour", times: 30, windowSec: 3_600 }];
const TRIES_PER_ADDRESS: RateRule = { name: "code.tries.address", times: 60, windowSec: 3_600 };

export class CodeRefused extends DomainError {
  constructor(reason: "codeExpired" | "codeUsed" | "codeTriesUp" | "codeUnknown") {
    super("CONFLICT", reason, { messageKey: `auth.${reason}`, fields: { code: `auth.${reason}` } });
  }
}

export class CodeWrong extends Invalid {
  constructor(triesLeft: number) {
    const key = triesLeft > 0 ? "auth.codeWrong" : "auth.codeTriesUp";
    super("wrong code", { messageKey: key, params: { count: triesLeft }, fields: { code: key } });
  }
}

export interface SendCode {
  purpose: CodePurpose;
  channel: "sms" | "email";
  to: string;
  memberId: string | null;
  /** False for a reset that matches nobody: everything is done but sending, so that the answer is the same. */
  deliver: boolean;
  locale: Locale;
  address: string;
}

/** Sends a code and returns the id of its challenge, which the code form carries. */
export async function sendCode(request: SendCode, now: Date, port: Notifier = notifier()): Promise<string> {
  await requireSendable(request, now);
  const id = nanoid();
  const code = newCode();
  await insertCode({
    _id: id,
    purpose: request.purpose,
    channel: request.channel,
    to: request.to,
    memberId: request.memberId,
    codeHash: hashCode(id, code),
    lastSentAt: now,
    ...endsOf(now),
  });
  await deliver({ ...request, id, code }, now, port);
  return id;
}

/** A new code to the same phone or address. Refused within a minute of the last one, with the time that is left. */
export async function resendCode({ id, locale, address }: { id: string; locale: Locale; address: string }, now: Date, port: Notifier = notifier()): Promise<void> {
  const row = await findCode(id);
  if (!row) throw new CodeRefused("codeUnknown");
  if (row.usedAt) throw new CodeRefused("codeUsed");
  const waitMs = row.lastSentAt.getTime() + RESEND_AFTER_MS - now.getTime();
  if (waitMs > 0) throw new RateLimited({ name: "code.resend", times: 1, windowSec: RESEND_AFTER_MS / 1000 }, Math.ceil(waitMs / 1000));
  await requireSendable({ to: row.to, address }, now);
  const code = newCode();
  const replaced = await replaceCode(
    { id, codeHash: hashCode(id, code), ...endsOf(now), notSentSince: new Date(now.getTime() - RESEND_AFTER_MS), sendsMax: SENDS_PER_CHALLENGE },
    now,
  );
  if (!replaced) throw new RateLimited({ name: "code.resend", times: SENDS_PER_CHALLENGE, windowSec: 3_600 }, 3_600);
  const forNobody = row.purpose === "reset" && row.memberId === null;
  await deliver({ ...row, id, code, locale, deliver: !forNobody }, now, port);
}

async function requireSendable({ to, address }: { to: string; address: string }, now: Date): Promise<void> {
  for (const rule of PER_ADDRESS) await consume(rule, addressKey(address), now);
  for (const rule of PER_TARGET) await consume(rule, to, now);
}

async function deliver(
  { purpose, channel, to, id, code, locale, deliver: wanted }: Pick<SendCode, "purpose" | "channel" | "to" | "locale" | "deliver"> & { id: string; code: string },
  now: Date,
  port: Notifier,
): Promise<void> {
  if (!wanted) return;
  const t = getFixedT(locale);
  const message = { channel, to, challengeId: id, subject: t("auth.codeSubject"), text: t(`auth.codeText.${purpose}`, { code, minutes: CODE_LIFE_MS / 60_000 }) };
  // A reset answers before the message has gone: the time of sending would tell which accounts exist.
  if (purpose === "reset") {
    port.send(message, now).catch((error: unknown) => logger.error({ event: "code.notSent", challengeId: id, reason: String(error) }));
    return;
  }
  await port.send(message, now);
}

export interface ChallengeView {
  purpose: CodePurpose;
  channel: "sms" | "email";
  /** Part of the number or address, enough to recognise one's own. */
  maskedTo: string;
  expiresAt: string;
  resendAt: string;
  /** In the demo, the message that would have been sent. */
  demoText: string | null;
}

export async function getChallenge(id: string): Promise<ChallengeView | null> {
  const row = await findCode(id);
  if (!row || row.usedAt) return null;
  const shown = env.DEMO ? await findOutboxMessage(id) : null;
  return {
    purpose: row.purpose,
    channel: row.channel,
    maskedTo: mask(row.to),
    expiresAt: row.expiresAt.toISOString(),
    resendAt: new Date(row.lastSentAt.getTime() + RESEND_AFTER_MS).toISOString(),
    demoText: shown?.text ?? null,
  };
}

export function mask(to: string): string {
  if (to.includes("@")) return to.replace(/^(.).*(@.*)$/, "$1***$2");
  return to.replace(/^(\+86)?(\d{3})\d{4}(\d{4})$/, "$2 **** $3").replace(/^(\+\d{3})\d+(\d{2})$/, "$1****$2");
}

/**
 * Takes one try and compares. The row that comes back is then used up in the caller's transaction with `spendCode`,
 * together with what it allows. Five tries in all, counted before comparing.
 */
export async function checkCode({ id, code, purpose, address }: { id: string; code: string; purpose: CodePurpose; address: string }, now: Date): Promise<OneTimeCode> {
  await consume(TRIES_PER_ADDRESS, addressKey(address), now);
  const row = await takeTry(id, now);
  if (!row) throw await whyRefused(id, now);
  if (row.purpose !== purpose) throw new CodeRefused("codeUnknown");
  const given = Buffer.from(hashCode(id, code));
  if (!timingSafeEqual(given, Buffer.from(row.codeHash))) throw new CodeWrong(CODE_TRIES_MAX - row.tries);
  return row;
}

/** Uses the code up, or refuses when somebody was faster with the same one. */
export async function spendCode(row: OneTimeCode, now: Date, tx: Tx): Promise<void> {
  if (!(await useCode({ id: row._id, codeHash: row.codeHash }, now, tx))) throw new CodeRefused("codeUsed");
}

async function whyRefused(id: string, now: Date): Promise<CodeRefused> {
  const row = await findCode(id);
  if (!row) return new CodeRefused("codeUnknown");
  if (row.usedAt) return new CodeRefused("codeUsed");
  return new CodeRefused(row.expiresAt <= now ? "codeExpired" : "codeTriesUp");
}

function newCode(): string {
  return String(randomInt(0, 1_000_000)).padStart(6, "0");
}

/** Six digits alone are guessed in a second from a plain hash; the key is not in the database. */
function hashCode(id: string, code: string): string {
  return createHmac("sha256", env.SESSION_SECRET).update(`code:${id}:${code}`).digest("base64url");
}

function endsOf(now: Date): { expiresAt: Date; dropAt: Date } {
  return { expiresAt: new Date(now.getTime() + CODE_LIFE_MS), dropAt: new Date(now.getTime() + CODE_LIFE_MS + KEPT_MS) };
}
