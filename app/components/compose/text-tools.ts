/** What the buttons over the text do to it. Works on the field itself, so that the browser's own undo takes it back. */
export type Tool = "bold" | "italic" | "heading" | "quote" | "list" | "numbered" | "table" | "link" | "ticker" | "mention";

export interface ToolWords {
  bold: string;
  italic: string;
  heading: string;
  quote: string;
  item: string;
  link: string;
  columnA: string;
  columnB: string;
}

export function applyTool(field: HTMLTextAreaElement, tool: Tool, words: ToolWords): void {
  field.focus();
  const picked = field.value.slice(field.selectionStart, field.selectionEnd);
  switch (tool) {
    case "bold":
      return wrap(field, "**", picked || words.bold, "**");
    case "italic":
      return wrap(field, "*", picked || words.italic, "*");
    case "heading":
      return prefixLines(field, () => "## ", words.heading);
    case "quote":
      return prefixLines(field, () => "> ", words.quote);
    case "list":
      return prefixLines(field, () => "- ", words.item);
    case "numbered":
      return prefixLines(field, (index) => `${index + 1}. `, words.item);
    case "table":
      return insert(field, `${gapBefore(field)}| ${words.columnA} | ${words.columnB} |\n|---|---:|\n|  |  |\n`);
    case "link":
      return wrap(field, "[", picked || words.link, "](https://)");
    case "ticker":
      return wrap(field, "$", picked, "");
    case "mention":
      return wrap(field, "@", picked, "");
  }
}

/** Replaces the selection (or a given range) as typing would. */
export function insert(field: HTMLTextAreaElement, text: string, from = field.selectionStart, to = field.selectionEnd): void {
  field.focus();
  field.setSelectionRange(from, to);
  // The old command is the only way that keeps the undo history; where it is gone, the range is set and an event tells React.
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function wrap(field: HTMLTextAreaElement, before: string, inner: string, after: string): void {
  const start = field.selectionStart;
  insert(field, before + inner + after);
  field.setSelectionRange(start + before.length, start + before.length + inner.length);
}

function prefixLines(field: HTMLTextAreaElement, prefix: (index: number) => string, sample: string): void {
  const from = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
  const next = field.value.indexOf("\n", field.selectionEnd);
  const to = next === -1 ? field.value.length : next;
  const lines = (field.value.slice(from, to) || sample).split("\n");
  insert(field, lines.map((line, index) => prefix(index) + line).join("\n"), from, to);
}

function gapBefore(field: HTMLTextAreaElement): string {
  const before = field.value.slice(0, field.selectionStart);
  if (before === "" || before.endsWith("\n\n")) return "";
  return before.endsWith("\n") ? "\n" : "\n\n";
}

/** What is being typed after a `$` or an `@` right before the cursor; null when the cursor is elsewhere. */
export interface Asked {
  kind: "ticker" | "mention";
  text: string;
  /** Where the sign stands. */
  from: number;
}

export function askedAt(value: string, cursor: number): Asked | null {
  const before = value.slice(Math.max(0, cursor - 40), cursor);
  const ticker = /(?:^|[^$\w])\$([\p{Script=Han}A-Za-z0-9]{1,20})$/u.exec(before);
  if (ticker?.[1]) return { kind: "ticker", text: ticker[1], from: cursor - ticker[1].length - 1 };
  const mention = /(?:^|[^\w@])@([A-Za-z0-9_]{2,30})$/.exec(before);
  if (mention?.[1]) return { kind: "mention", text: mention[1], from: cursor - mention[1].length - 1 };
  return null;
}

/** Puts text in at `at` without taking the focus from wherever the writer is; the cursor stays by its words. */
export function insertQuietly(field: HTMLTextAreaElement, text: string, at: number): void {
  const { selectionStart, selectionEnd } = field;
  const moved = (position: number): number => (position >= at ? position + text.length : position);
  if (document.activeElement === field) {
    insert(field, text, at, at);
    field.setSelectionRange(moved(selectionStart), moved(selectionEnd));
    return;
  }
  field.setRangeText(text, at, at, "preserve");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
