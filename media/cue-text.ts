/**
 * The words of one cue. WebVTT markup looks like HTML and is not: what is not on the list is dropped, what is kept is
 * closed in order, and every other "<" and "&" is a character. Both ends of captions.ts meet here.
 */
const KEPT = new Set(["b", "i", "u", "c", "v", "ruby", "rt", "lang"]);
/** These say something behind their name: who speaks, which language. */
const NAMED = new Set(["v", "lang"]);
const NAME_LENGTH_MAX = 60;
const CLASSES_MAX = 3;
const DEPTH_MAX = 8;

/** A tag or a time stamp; anything else behind a "<" is a "<". */
const TAG = /<(\/?)([a-zA-Z]+)((?:\.[^\s<>.&]+)*)(?:[ \t]+([^<>]*))?>|<\d[\d:.]*>|<\/>/g;
/** Placements of SubRip players, such as {\an8}. */
const PLACEMENT = /\{\\[^{}]*\}/g;
/** Controls, and marks that turn the direction of what follows: a line must not reorder the player's own words. */
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Lines as they stand in the file → text that is safe and well formed in WebVTT, lines joined by "\n"; "" when nothing is said. */
export function cleanCueText(lines: readonly string[]): string {
  const source = lines
    .map((line) => line.replace(UNSEEN, (unseen) => (unseen === "\t" ? " " : "")).trim())
    .filter((line) => line !== "")
    .join("\n")
    .replace(PLACEMENT, "");
  const open: string[] = [];
  let text = "";
  let at = 0;
  for (const found of source.matchAll(TAG)) {
    text += escape(unescape(source.slice(at, found.index)));
    at = found.index + found[0].length;
    text += tagOf(found, open);
  }
  text += escape(unescape(source.slice(at)));
  while (open.length > 0) text += `</${open.pop()}>`;
  // What was taken out leaves its spaces behind, and at the edges of a line they are lost when the file is read again.
  return hasWords(text) ? text.replace(/\s*\n\s*/g, "\n").trim() : "";
}

/** Keeps `open` in step. A closing tag closes what was opened inside it; one that nothing opened is dropped. */
function tagOf([, closing, rawName = "", classes = "", annotation = ""]: RegExpExecArray, open: string[]): string {
  const name = rawName.toLowerCase();
  if (!KEPT.has(name)) return "";
  if (closing === "/") {
    const from = open.lastIndexOf(name);
    return from < 0 ? "" : open.splice(from).reverse().map((inner) => `</${inner}>`).join("");
  }
  if (open.length >= DEPTH_MAX) return "";
  const said = NAMED.has(name) ? escape(unescape(annotation).replace(/\s+/g, " ").trim().slice(0, NAME_LENGTH_MAX)) : "";
  if (NAMED.has(name) && said === "") return "";
  open.push(name);
  const kept = classes.split(".").filter((part) => /^[\w-]{1,30}$/.test(part)).slice(0, CLASSES_MAX);
  return `<${[name, ...kept].join(".")}${said ? ` ${said}` : ""}>`;
}

/** Words alone, for a transcript: the speaker in front, readings above characters left out, one line. */
export function plainCueText(text: string): string {
  const words = text
    .replace(/<rt[^>]*>.*?<\/rt>/gs, "")
    .replace(/<v[^\s>]*\s+([^>]*)>/g, (_, speaker: string) => `\n${speaker}: `)
    .replace(/<[^>]*>/g, "");
  return unescape(words)
    .replace(/^\s+|\s+$/g, "")
    .replace(/([\p{sc=Han}，。！？；：、…」』）])\s*\n\s*(?=[\p{sc=Han}「『（])/gu, "$1")
    .replace(/\s+/g, " ");
}

function hasWords(text: string): boolean {
  return text.replace(/<[^>]*>/g, "").trim() !== "";
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", nbsp: "\u00a0", lrm: "\u200e", rlm: "\u200f", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(amp|lt|gt|nbsp|lrm|rlm|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
