import type { Nodes, Parents, PhrasingContent, Root, RootContent } from "mdast";
import { toText } from "./markdown-text.server";

/** Limits on the shape of a parsed text, and its reduction to the parts we render. */
const DEPTH_MAX = 24;
const NODES_MAX = 40_000;
const COLUMNS_MAX = 16;
const CELLS_MAX = 2_000;

/** Quote and list marks at the start of one line; three dashes and the like are a rule, and rules are short. */
const MARKERS = /^[ \t]*(?:(?:>|[*+-](?=[ \t])|\d{1,9}[.)](?=[ \t]))[ \t]*){13,}/;
/** Spaces before a mark: each two of them are one level of a list. */
const DEEP_INDENT = /^(?:[ \t>]){40,}(?=[*+>-]|\d{1,9}[.)])/;

/**
 * Keeps deep nesting from being parsed at all: the parser needs minutes for ten thousand list marks on one line.
 * Such a line gets a backslash and so becomes words.
 */
export function limitNesting(source: string): string {
  return source
    .split("\n")
    .map((line) => (MARKERS.test(line) || DEEP_INDENT.test(line) ? `\\${line.trimStart()}` : line))
    .join("\n");
}

/** Marks of emphasis in one text; its longest posts have some hundreds. */
const EMPHASIS_MAX = 3_000;
/** Lines of nothing but "=" or "-": each may make a heading of what stands above it. */
const UNDERLINES_MAX = 300;
const EMPHASIS = /\*+|_+|~+/g;
const UNDERLINE = /^[ \t]*(?:=+|-+)[ \t]*$/gm;

/** True for text that must not be parsed: with these marks the parser's time grows with their square. */
export function isTooTangled(source: string): boolean {
  return exceeds(source, EMPHASIS, EMPHASIS_MAX) || exceeds(source, UNDERLINE, UNDERLINES_MAX);
}

function exceeds(source: string, pattern: RegExp, max: number): boolean {
  let count = 0;
  for (const _match of source.matchAll(pattern)) if (++count > max) return true;
  return false;
}

/**
 * True for text nested deeper, or cut into more pieces, than any writer needs. Walks without recursion: what it guards
 * against is exactly a tree that overflows the stack. A short row of a wide table counts as a full one, because the
 * HTML fills it up.
 */
export function isTooComplex(tree: Root): boolean {
  const waiting: { node: Nodes; depth: number }[] = [{ node: tree, depth: 0 }];
  let nodes = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, depth } = next;
    nodes += 1;
    if (depth > DEPTH_MAX || nodes > NODES_MAX) return true;
    if (node.type === "table") {
      const columns = node.children[0]?.children.length ?? 0;
      if (columns > COLUMNS_MAX || columns * node.children.length > CELLS_MAX) return true;
    }
    if ("children" in node) for (const child of node.children) waiting.push({ node: child, depth: depth + 1 });
  }
  return false;
}

/** Paragraphs of the text as typed. */
export function plainTree(source: string): Root {
  const parts = source.split(/\n{2,}/).slice(0, NODES_MAX).filter((part) => part.trim() !== "");
  return { type: "root", children: parts.map((part) => ({ type: "paragraph", children: [{ type: "text", value: part }] })) };
}

/**
 * Takes out what we do not show as such: pictures become links with their description (uploads have their own way),
 * check boxes become signs, reference links are resolved, and definitions vanish.
 */
export function flatten(tree: Root): void {
  const definitions = new Map<string, string>();
  const waiting: Parents[] = [tree];
  for (const parent of each(tree)) {
    if (parent.type === "definition" && !definitions.has(parent.identifier)) definitions.set(parent.identifier, parent.url);
  }
  for (let parent = waiting.pop(); parent; parent = waiting.pop()) {
    parent.children = (parent.children as Nodes[]).flatMap((node) => flattenOne(node, definitions)) as typeof parent.children;
    for (const child of parent.children) if ("children" in child) waiting.push(child);
  }
}

function flattenOne(node: Nodes, definitions: Map<string, string>): Nodes[] {
  switch (node.type) {
    case "definition":
    case "yaml":
    case "footnoteDefinition":
      return [];
    case "html":
      return [{ type: "text", value: node.value }];
    case "image":
      return [pictureLink(node.url, node.alt)];
    case "imageReference":
      return [pictureLink(definitions.get(node.identifier) ?? "", node.alt)];
    case "linkReference": {
      const url = definitions.get(node.identifier);
      return url === undefined ? node.children : [{ type: "link", url, children: node.children }];
    }
    case "footnoteReference":
      return [{ type: "text", value: `[^${node.identifier}]` }];
    case "listItem": {
      if (typeof node.checked !== "boolean") return [node];
      const sign = node.checked ? "☑ " : "☐ ";
      node.checked = null;
      const first = node.children[0];
      if (first?.type === "paragraph") first.children.unshift({ type: "text", value: sign });
      return [node];
    }
    default:
      return [node];
  }
}

function pictureLink(url: string, alt: string | null | undefined): PhrasingContent {
  const label = (alt ?? "").trim() || toText({ type: "text", value: url });
  return { type: "link", url, children: [{ type: "text", value: label }] };
}

function* each(tree: Root): Generator<RootContent> {
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.type !== "root") yield node;
    if ("children" in node) waiting.push(...(node.children as Nodes[]));
  }
}
