import { z } from "zod";
import { env } from "../env.server";
import { getRequestT } from "../i18n/locale.server";
import { sign, unsign } from "../services/token.server";
import { FLASH_COOKIE } from "./cookies";
import { blankCookie, readCookie, serializeCookie } from "./cookie.server";

/**
 * One notice for the next page: what was done after login, or why it no longer applies. Signed, because it is shown as
 * our own word; short-lived, because it speaks about this moment. Travels as a locale key, never as text.
 */
const Notice = z.object({
  key: z.string(),
  tone: z.enum(["good", "warn", "bad"]),
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
export type Notice = z.infer<typeof Notice>;
const Signed = Notice.extend({ exp: z.number() });

const LIFE_SEC = 60;
const key = () => ({ secret: env.SESSION_SECRET, purpose: "flash" });

/** The Set-Cookie value that brings the notice to the next page. */
export function flashCookie(notice: Notice, now: Date): string {
  return serializeCookie(FLASH_COOKIE, sign({ ...notice, exp: now.getTime() + LIFE_SEC * 1000 }, key()), LIFE_SEC);
}

export interface ShownNotice {
  text: string;
  tone: Notice["tone"];
}

/**
 * The notice waiting for this reader, as a sentence, and the Set-Cookie value that takes it away.
 * Root's loader calls this: `const { notice, setCookie } = takeFlash(request, new Date())`.
 */
export function takeFlash(request: Request, now: Date): { notice: ShownNotice | null; setCookie: string | null } {
  const cookie = readCookie(request, FLASH_COOKIE);
  if (!cookie) return { notice: null, setCookie: null };
  const parsed = Signed.safeParse(unsign(cookie, key()));
  const setCookie = blankCookie(FLASH_COOKIE);
  if (!parsed.success || parsed.data.exp < now.getTime()) return { notice: null, setCookie };
  const t = getRequestT(request);
  return { notice: { text: t(parsed.data.key, parsed.data.params), tone: parsed.data.tone }, setCookie };
}
