/**
 * Makes typed text safe to show beside other people's words. Pure, safe in the browser. Guarantees: no control
 * characters but tab and line feed; nothing that reverses the reading direction of the rest of the line; no invisible
 * characters (zero-width, fillers, tags), except joiners that hold an emoji together; at most four marks on a letter;
 * no halves of a surrogate pair; composed form (NFC), so that equal-looking text is equal.
 */
const LINE_ENDS = /\r\n?|[\u2028\u2029\u0085\v\f]/g;
const CONTROLS = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g;
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f]/g;
const INVISIBLE = /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u2060-\u2065\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;
/** A joiner or a variation selector that follows nothing it could belong to. */
const LOOSE_JOINER = /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d|\u200d(?!\p{Extended_Pictographic})/gu;
const LOOSE_SELECTOR = /(?<![\p{Extended_Pictographic}\p{Script=Han}0-9#*])[\ufe00-\ufe0f]|[\ufe00-\ufe0f](?=[\ufe00-\ufe0f])/gu;
const MARK_FLOOD = /(\p{Mark}{4})\p{Mark}+/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Multi-line text: a post, a comment. */
export function cleanText(source: string): string {
  return source
    .replace(LINE_ENDS, "\n")
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(CONTROLS, "")
    .replace(DIRECTION, "")
    .replace(INVISIBLE, "")
    .replace(LOOSE_JOINER, "")
    .replace(LOOSE_SELECTOR, "")
    .normalize("NFC")
    .replace(MARK_FLOOD, "$1");
}

/** One line: a title, a poll option. White space of any kind becomes one space. */
export function cleanLine(source: string): string {
  return cleanText(source).replace(/\s+/gu, " ").trim();
}

/** True when a person sees nothing: spaces, marks and invisible characters only. */
export function isBlank(source: string): boolean {
  return !/[\p{L}\p{N}\p{S}\p{P}]/u.test(cleanText(source));
}
