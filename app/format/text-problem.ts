/**
 * Text that is not what it looks like. Pure, so that a composer can say so before sending.
 * Joiners inside emoji and a few marks over a letter are ordinary writing; only floods of them are refused.
 */
export type TextProblem = "controlCharacters" | "directionOverride" | "invisibleFlood" | "markFlood";

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/;
const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/;
const INVISIBLE_RUN = /[\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u2060-\u2065\u3164\ufeff\uffa0]{4,}/;
const INVISIBLE = /[\u00ad\u034f\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u2060-\u2065\u3164\ufeff\uffa0]/g;
const MARK_RUN = /\p{M}{6,}/u;
/** More invisible characters than this share of a longer text is a flood even when they are spread out. */
const INVISIBLE_SHARE = 0.2;
const SHARE_FROM_LENGTH = 40;

export function findTextProblem(text: string): TextProblem | null {
  if (CONTROL.test(text)) return "controlCharacters";
  if (DIRECTION.test(text)) return "directionOverride";
  if (INVISIBLE_RUN.test(text)) return "invisibleFlood";
  if (text.length >= SHARE_FROM_LENGTH && (text.match(INVISIBLE)?.length ?? 0) > text.length * INVISIBLE_SHARE) return "invisibleFlood";
  if (MARK_RUN.test(text)) return "markFlood";
  return null;
}
