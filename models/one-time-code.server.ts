import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * One-time code: six digits sent to a phone or an e-mail address.
 * Guarantees: (1) a code is used once: `usedAt` is set in the transaction of what it allows; (2) a try is counted before
 * the code is compared, so parallel guesses share the five tries; (3) the digits are kept only as a keyed hash.
 * The id is random and known only to the browser that asked: somebody else cannot use up its tries.
 */
export const CODE_PURPOSES = ["login", "reset", "phone", "email"] as const;
export type CodePurpose = (typeof CODE_PURPOSES)[number];

export interface OneTimeCode {
  _id: string;
  purpose: CodePurpose;
  channel: "sms" | "email";
  to: string;
  /** Whose password is reset or whose phone is verified; null for a login, and for a reset that matches nobody. */
  memberId: string | null;
  codeHash: string;
  tries: number;
  sends: number;
  lastSentAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
  /** The row goes an hour after the last code ended. */
  dropAt: Date;
}

export const CODE_TRIES_MAX = 5;

const Codes = defineCollection<OneTimeCode>(
  {
    name: "oneTimeCodes",
    shardKey: { _id: 1 },
    why: "the code form asks for one challenge",
    indexes: [{ fields: { dropAt: 1 }, options: { expireAfterSeconds: 0 } }],
  },
  {
    purpose: { type: String, enum: CODE_PURPOSES, required: true },
    channel: { type: String, enum: ["sms", "email"], required: true },
    to: { type: String, required: true },
    memberId: { type: String, default: null },
    codeHash: { type: String, required: true },
    tries: { type: Number, required: true, default: 0 },
    sends: { type: Number, required: true, default: 1 },
    lastSentAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    usedAt: { type: Date, default: null },
    dropAt: { type: Date, required: true },
  },
);

export async function insertCode(code: Omit<OneTimeCode, "tries" | "sends" | "usedAt">): Promise<void> {
  await Codes.create([{ ...code, tries: 0, sends: 1, usedAt: null }]);
}

export async function findCode(id: string): Promise<OneTimeCode | null> {
  return Codes.findOne({ _id: id }).lean<OneTimeCode>();
}

/** A new code in the same challenge; the one before stops working. False when the challenge was used or sent too recently. */
export async function replaceCode(
  { id, codeHash, expiresAt, dropAt, notSentSince, sendsMax }: { id: string; codeHash: string; expiresAt: Date; dropAt: Date; notSentSince: Date; sendsMax: number },
  now: Date,
): Promise<boolean> {
  const written = await Codes.updateOne(
    { _id: id, usedAt: null, lastSentAt: { $lte: notSentSince }, sends: { $lt: sendsMax } },
    { $set: { codeHash, expiresAt, dropAt, lastSentAt: now, tries: 0 }, $inc: { sends: 1 } },
  );
  return written.modifiedCount === 1;
}

/** Takes one of the tries; null when there is none left, or the code has ended or was used. */
export async function takeTry(id: string, now: Date): Promise<OneTimeCode | null> {
  return Codes.findOneAndUpdate(
    { _id: id, usedAt: null, expiresAt: { $gt: now }, tries: { $lt: CODE_TRIES_MAX } },
    { $inc: { tries: 1 } },
    { returnDocument: "after" },
  ).lean<OneTimeCode>();
}

/** False when the code was used or replaced in the meantime. */
export async function useCode({ id, codeHash }: { id: string; codeHash: string }, now: Date, tx: Tx): Promise<boolean> {
  const written = await Codes.updateOne({ _id: id, codeHash, usedAt: null }, { $set: { usedAt: now } }, { session: tx });
  return written.modifiedCount === 1;
}
