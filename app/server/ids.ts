import { randomBytes } from "node:crypto";
import { nanoid } from "nanoid";

/** 128 random bits, as the Content-Security-Policy asks for. */
export function newNonce(): string {
  return randomBytes(16).toString("base64");
}

export function newRequestId(): string {
  return nanoid(12);
}
