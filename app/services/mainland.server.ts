import { inTransaction } from "@models/connection.server";
import { DomainError, Forbidden, Invalid } from "@models/errors";
import { setRealNameVerified } from "@models/member.server";
import { env } from "../env.server";
import type { Viewer } from "./viewer";

/**
 * The mainland rule, when MAINLAND_RULE is on: a verified phone before any interaction, the real-name step before the
 * first post. Real names pass through a port and are not stored; what stays is when the check succeeded.
 */
export class PhoneNeeded extends Forbidden {
  constructor() {
    super("the mainland rule asks for a verified phone", { messageKey: "account.phoneNeeded" });
  }
}

export class RealNameNeeded extends Forbidden {
  constructor() {
    super("the mainland rule asks for the real-name step before the first post", { messageKey: "account.realNameNeeded" });
  }
}

export interface HouseRules {
  mainland: boolean;
}

const SET_RULES: HouseRules = { mainland: env.MAINLAND_RULE };

/** Before any like, save, follow, vote, report or comment. */
export function requireMayInteract(viewer: Pick<Viewer, "phoneVerified">, rules: HouseRules = SET_RULES): void {
  if (rules.mainland && !viewer.phoneVerified) throw new PhoneNeeded();
}

/** Before a post is published. */
export function requireMayPost(viewer: Pick<Viewer, "phoneVerified" | "realNameVerified">, rules: HouseRules = SET_RULES): void {
  requireMayInteract(viewer, rules);
  if (rules.mainland && !viewer.realNameVerified) throw new RealNameNeeded();
}

export interface RealName {
  name: string;
  idNumber: string;
}

/** Whoever can tell whether a name and an identity number belong together. */
export interface VerificationPort {
  verify(claim: RealName, phone: string | null): Promise<"match" | "mismatch">;
}

/** Resident identity numbers end with a check digit (GB 11643-1999): the weighted sum of the others modulo 11. */
const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECK = "10X98765432";

export function isIdNumber(idNumber: string): boolean {
  if (!/^\d{17}[\dX]$/.test(idNumber)) return false;
  const sum = ID_WEIGHTS.reduce((total, weight, at) => total + weight * Number(idNumber[at]), 0);
  return ID_CHECK[sum % 11] === idNumber[17];
}

/** For the demo: asks nobody, and takes a number whose check digit is right. */
const demoVerification: VerificationPort = {
  verify: ({ idNumber }) => Promise.resolve(isIdNumber(idNumber) ? "match" : "mismatch"),
};

export function verificationPort(): VerificationPort {
  if (env.DEMO) return demoVerification;
  // A real adapter needs a contract with a verification service; until then nobody is told that they passed.
  throw new DomainError("UNAVAILABLE", "no verification service is set up", { messageKey: "account.realNameUnavailable" });
}

export async function verifyRealName({ memberId, phone, claim }: { memberId: string; phone: string | null; claim: RealName }, now: Date, port: VerificationPort = verificationPort()): Promise<void> {
  const normal = { name: claim.name.trim(), idNumber: claim.idNumber.trim().toUpperCase() };
  if (!isIdNumber(normal.idNumber)) throw new Invalid("identity number fails its check digit", { fields: { idNumber: "account.idNumberWrong" } });
  if ((await port.verify(normal, phone)) !== "match") throw new Invalid("name and number do not match", { fields: { name: "account.realNameMismatch" } });
  await inTransaction((tx) => setRealNameVerified(memberId, now, tx));
}
