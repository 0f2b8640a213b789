import { Invalid } from "@models/errors";

/** Handles, phone numbers and e-mail addresses as people type them, brought to the one form that is stored. */
export const HANDLE_PATTERN = /^[A-Za-z][A-Za-z0-9_]{2,19}$/;

/** Names that would be taken for the house. */
const RESERVED = new Set(
  "admin administrator root system official support service help staff moderator operator editor security finance goldbean jindou api www mail me new everyone all null undefined guest anonymous".split(" "),
);

export function requireHandle(handle: string): void {
  if (!HANDLE_PATTERN.test(handle)) throw new Invalid("malformed handle", { messageKey: "auth.handleShape", fields: { handle: "auth.handleShape" } });
  const plain = handle.toLowerCase().replace(/[_\d]+$/, "");
  if (RESERVED.has(plain) && !/^bean\d/.test(handle)) throw new Invalid("reserved handle", { messageKey: "auth.handleReserved", fields: { handle: "auth.handleReserved" } });
}

const phoneShape = (): Invalid => new Invalid("malformed phone number", { messageKey: "auth.phoneShape", fields: { phone: "auth.phoneShape" } });

/** Full-width digits, spaces and dashes are read; eleven digits that begin with 1 are a mainland number. */
export function normalizePhone(typed: string): string {
  const plain = typed.normalize("NFKC").replace(/[\s().\u2010-\u2015-]/g, "").replace(/^00/, "+");
  if (/^1[3-9]\d{9}$/.test(plain)) return `+86${plain}`;
  if (/^\+86/.test(plain) && !/^\+861[3-9]\d{9}$/.test(plain)) throw phoneShape();
  if (/^\+[1-9]\d{6,14}$/.test(plain)) return plain;
  throw phoneShape();
}

export function readContact(typed: string): { channel: "sms" | "email"; to: string } {
  const plain = typed.normalize("NFKC").trim();
  if (!plain.includes("@")) {
    try {
      return { channel: "sms", to: normalizePhone(plain) };
    } catch (error) {
      throw new Invalid("neither a phone number nor an address", { messageKey: "auth.contactShape", fields: { contact: "auth.contactShape" }, cause: error });
    }
  }
  if (plain.length > 254 || !/^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(plain)) {
    throw new Invalid("malformed e-mail address", { messageKey: "auth.contactShape", fields: { contact: "auth.contactShape" } });
  }
  return { channel: "email", to: plain.toLowerCase() };
}
