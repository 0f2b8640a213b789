import type { Nodes, Root } from "mdast";
import { takeGraphemes } from "./graphemes";

/** Plain words out of a parsed text: the excerpt of a row and the time it takes to read. */
const EXCERPT_COLUMNS = 200;
const CHINESE_PER_MINUTE = 400;
const WORDS_PER_MINUTE = 220;
const HAN = /\p{Script=Han}/gu;
const LATIN_WORD = /[\p{Script=Latin}\p{N}][\p{Script=Latin}\p{N}'’.,-]*/gu;

/** The words of a node without its marks. */
export function toText(node: Nodes): string {
  if (node.type === "break") return " ";
  if ("value" in node) return node.value;
  if ("children" in node) return (node.children as Nodes[]).map(toText).join(node.type === "tableRow" ? " " : "");
  return "";
}

/** The first words of running text (not headings, tables, code or charts), about two lines on a phone. */
export function excerptOf(tree: Root): string {
  let text = "";
  for (const node of tree.children) {
    if (node.type !== "paragraph" && node.type !== "list" && node.type !== "blockquote") continue;
    const part = blockText(node).replace(/\s+/gu, " ").trim();
    if (part !== "") text += text === "" ? part : ` ${part}`;
    if (text.length > EXCERPT_COLUMNS * 2) break;
  }
  return cutColumns(text);
}

function blockText(node: Nodes): string {
  if (node.type === "paragraph") return toText(node);
  if ("children" in node) return (node.children as Nodes[]).map(blockText).join(" ");
  return "";
}

/** A Chinese character is two columns wide; the cut falls after a whole character, and for Latin text after a word. */
function cutColumns(text: string): string {
  let columns = 0;
  let end = 0;
  for (const character of text) {
    columns += (character.codePointAt(0) ?? 0) > 0x2e7f ? 2 : 1;
    if (columns > EXCERPT_COLUMNS) {
      const cut = takeGraphemes(text.slice(0, end + 40), [...text.slice(0, end)].length).trimEnd();
      const word = /^[\s\S]{60,}(?=\s\S{1,20}$)/.exec(cut)?.[0] ?? cut;
      return `${(/[a-z]$/i.test(cut) ? word : cut).replace(/[\s，、；：,;:]+$/u, "")}…`;
    }
    end += character.length;
  }
  return text;
}

/** Whole minutes, at least one. */
export function readMinutesOf(tree: Root): number {
  const text = tree.children.map((node) => (node.type === "code" ? "" : toText(node))).join(" ");
  const minutes = count(text, HAN) / CHINESE_PER_MINUTE + count(text, LATIN_WORD) / WORDS_PER_MINUTE;
  return Math.max(1, Math.round(minutes));
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
