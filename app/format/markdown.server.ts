import type { Element, Root as HtmlRoot, RootContent as HtmlContent } from "hast";
import type { Root, PhrasingContent, Parents, Link, Text } from "mdast";
import { findAndReplace } from "mdast-util-find-and-replace";
import rehypeSanitize, { type Options as SanitizeSchema } from "rehype-sanitize";
import rehypeStringify from "rehype-stringify";
import remarkGfm from "remark-gfm";
import remarkParse from "remark-parse";
import remarkRehype from "remark-rehype";
import { unified, type Processor } from "unified";
import { visit } from "unist-util-visit";
import type { ChartPicture } from "@models/post.server";
import type { Locale } from "~/i18n/locales";
import { brokenChart, drawChart, parseChart, type Chart } from "./chart.server";
import { cleanText } from "./clean-text";
import { countGraphemes } from "./graphemes";
import { confirmPath, sortLink } from "./links";
import { flatten, isTooComplex, isTooTangled, limitNesting, plainTree } from "./markdown-bounds.server";
import { drawPicture, takePictures, type BodyPicture, type PictureRef } from "./markdown-pictures.server";
import { excerptOf, readMinutesOf } from "./markdown-text.server";

/**
 * The one way from a member's Markdown to HTML; preview, publish, edit and seed all come here.
 * Guarantees: (1) no HTML of the writer is trusted: it is not parsed at all and stands as text; (2) what leaves is
 * checked against the schema below after everything of the writer is in it; only charts and pictures, drawn by us from
 * numbers and from what an asset is, are put in afterwards; (3) time and size are bounded: text nested or tabled beyond reason is shown as plain text.
 */
export interface RenderContext {
  lang: Locale;
  /** The instrument master; a code it does not know stays text. */
  instruments: { find(code: string): { _id: string; code: string; name: Record<Locale, string> } | undefined };
  /** A handle as written → the member, or nothing; ask `listMentionedHandles` first to look them up together. */
  resolveMention(handle: string): { id: string; handle: string } | undefined;
  /** The writer's own pictures that can be shown, by asset id; ask `listNamedAssets` first. Others stay their description. */
  pictures?: ReadonlyMap<string, BodyPicture>;
}

export interface RenderedPost {
  html: string;
  excerpt: string;
  /** Instrument ids in order of first mention. */
  tickers: string[];
  /** Member ids in order of first mention. */
  mentions: string[];
  chart: ChartPicture | null;
  /** Every picture that the text names, in order, shown or not. */
  pictures: PictureRef[];
  readMinutes: number;
  graphemes: number;
}

export interface RenderedComment {
  html: string;
  tickers: string[];
  mentions: string[];
  graphemes: number;
}

/** Beyond these the rest stays plain text: a post names a few codes, not a phone book. */
const TICKERS_MAX = 12;
export const MENTIONS_MAX = 20;
const CHARTS_MAX = 6;

/** `$名称(CODE)$` or `$CODE$`; at most 40 characters of name. */
const TICKER = /\$(?:([^$\n()（）]{1,40})[(（]([A-Za-z0-9.]{1,12})[)）]|([A-Za-z0-9.]{1,12}))\$/g;
/** A handle after white space or punctuation; not inside an address or another word. */
const MENTION = /(?<![\w@/.-])@([A-Za-z0-9_]{2,30})(?![\w@])/g;

/** Handles that the text mentions, in lower case, so that the caller can look them up in one query. */
export function listMentionedHandles(source: string): string[] {
  const handles = new Set<string>();
  for (const [, handle] of cleanText(source).matchAll(MENTION)) {
    if (handle) handles.add(handle.toLowerCase());
    if (handles.size >= MENTIONS_MAX) break;
  }
  return [...handles];
}

export function renderPost(source: string, context: RenderContext): RenderedPost {
  const text = cleanText(source);
  const found = newFindings();
  const tree = parse(postParser, text);
  shiftHeadings(tree);
  takePictures(tree, context.pictures ?? NO_PICTURES, found.pictures);
  flatten(tree);
  takeCharts(tree, found);
  const charts = found.charts.map((chart): HtmlContent[] => ("chart" in chart ? [drawChart(chart.chart, context.lang)] : brokenChart(chart.source, chart.problem, context.lang)));
  finish(tree, context, found);
  const first = found.charts.find((chart): chart is { chart: Chart } => "chart" in chart);
  return {
    html: toHtml(tree, { charts, pictures: found.pictures.map((ref) => drawn(ref, context)) }),
    excerpt: excerptOf(tree),
    tickers: [...found.tickers],
    mentions: [...found.mentions],
    chart: first ? { type: first.chart.type, series: first.chart.series.map(({ values }) => values) } : null,
    pictures: found.pictures,
    readMinutes: readMinutesOf(tree),
    graphemes: countGraphemes(text.trim()),
  };
}

/** A comment knows paragraphs, lists, quotes, emphasis, code, links, tickers and mentions; the rest stands as typed. */
export function renderComment(source: string, context: RenderContext): RenderedComment {
  const text = cleanText(source).trim();
  const found = newFindings();
  const tree = parse(commentParser, text);
  flatten(tree);
  finish(tree, context, found);
  return { html: toHtml(tree, NOTHING_DRAWN), tickers: [...found.tickers], mentions: [...found.mentions], graphemes: countGraphemes(text) };
}

type FoundChart = { chart: Chart } | { problem: "syntax" | "shape" | "length"; source: string };

interface Findings {
  tickers: Set<string>;
  mentions: Set<string>;
  charts: FoundChart[];
  pictures: PictureRef[];
}

function newFindings(): Findings {
  return { tickers: new Set(), mentions: new Set(), charts: [], pictures: [] };
}

const NO_PICTURES: ReadonlyMap<string, BodyPicture> = new Map();

/** What goes in after the schema check, by the number that its place carries. */
interface Drawn {
  charts: HtmlContent[][];
  pictures: HtmlContent[][];
}
const NOTHING_DRAWN: Drawn = { charts: [], pictures: [] };

// Constructs switched off stay text: HTML always; footnotes, because several posts may share a page and their ids would clash.
const NEVER = ["htmlFlow", "htmlText", "gfmFootnoteCall", "gfmFootnoteDefinition", "gfmPotentialFootnoteCall"];
const NOT_IN_COMMENTS = ["headingAtx", "setextUnderline", "thematicBreak", "table", "labelStartImage", "definition", "codeIndented"];

function without(names: string[]) {
  return function disable(this: Processor): void {
    const data = this.data() as { micromarkExtensions?: object[] };
    data.micromarkExtensions = [...(data.micromarkExtensions ?? []), { disable: { null: names } }];
  };
}

// A single tilde is a range in Chinese ("3~5 天"), not a deletion.
const gfm = { singleTilde: false };
const postParser = unified().use(remarkParse).use(remarkGfm, gfm).use(without(NEVER)).freeze();
const commentParser = unified().use(remarkParse).use(remarkGfm, gfm).use(without([...NEVER, ...NOT_IN_COMMENTS])).freeze();

function parse(parser: Pick<Processor, "parse">, text: string): Root {
  const tree = isTooTangled(text) ? null : (parser.parse(limitNesting(text)) as Root);
  return tree === null || isTooComplex(tree) ? plainTree(text) : tree;
}

/** The page has its one h1 already: the largest heading of the text becomes h2, and none goes below h4. */
function shiftHeadings(tree: Root): void {
  let top = 6;
  visit(tree, "heading", (node) => {
    top = Math.min(top, node.depth);
  });
  visit(tree, "heading", (node) => {
    node.depth = Math.min(4, node.depth - top + 2) as 2 | 3 | 4;
  });
}

/** Chart blocks leave a numbered figure behind; the drawing is put in after the schema check. */
function takeCharts(tree: Root, found: Findings): void {
  visit(tree, "code", (node, index, parent) => {
    if (node.lang !== "chart" || !parent || index === undefined || found.charts.length >= CHARTS_MAX) return;
    const parsed = parseChart(node.value);
    const number = found.charts.push("chart" in parsed ? parsed : { ...parsed, source: node.value }) - 1;
    parent.children[index] = { type: "paragraph", children: [], data: { hName: "figure", hProperties: { dataChart: String(number) } } };
  });
}

/** Everything that turns text into links, in this order: addresses first, so that a handle in one is left alone. */
function finish(tree: Root, context: RenderContext, found: Findings): void {
  cutAddresses(tree);
  replaceTickers(tree, context, found);
  replaceMentions(tree, context, found);
  secureLinks(tree);
  breakLines(tree);
}

/** A bare address ends where Chinese text or its punctuation begins; GFM would swallow the rest of the sentence. */
function cutAddresses(tree: Root): void {
  visit(tree, "link", (node, index, parent) => {
    const only = node.children.length === 1 ? node.children[0] : undefined;
    if (only?.type !== "text" || !parent || index === undefined || !isBareAddress(node, only)) return;
    const cut = only.value.search(/[\u2010-\u201f\u2026\u3000-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]/);
    if (cut <= 0) return;
    const rest: Text = { type: "text", value: only.value.slice(cut) };
    const kept = only.value.slice(0, cut);
    node.url = node.url.startsWith(only.value) ? kept : `http://${kept}`;
    node.children = [{ type: "text", value: kept }];
    (parent as Parents & { children: PhrasingContent[] }).children.splice(index + 1, 0, rest);
  });
}

function isBareAddress(node: Link, only: Text): boolean {
  return node.url === only.value || node.url === `http://${only.value}`;
}

function replaceTickers(tree: Root, { instruments, lang }: RenderContext, found: Findings): void {
  const replace = (_whole: string, name: string | undefined, named: string | undefined, bare: string | undefined) => {
    const instrument = instruments.find(named ?? bare ?? "");
    if (!instrument || (!found.tickers.has(instrument._id) && found.tickers.size >= TICKERS_MAX)) return false;
    found.tickers.add(instrument._id);
    // The name shown is the master's, whatever the writer put before the code: a code cannot borrow another name.
    const label = name === undefined ? instrument._id : `${instrument.name[lang]}(${instrument._id})`;
    return ownLink(`/tickers/${instrument._id}`, label, "tick");
  };
  findAndReplace(tree, [TICKER, replace], { ignore: ["link", "linkReference"] });
}

function replaceMentions(tree: Root, { resolveMention }: RenderContext, found: Findings): void {
  const replace = (whole: string, handle: string) => {
    const member = resolveMention(handle.toLowerCase());
    if (!member || (!found.mentions.has(member.id) && found.mentions.size >= MENTIONS_MAX)) return false;
    found.mentions.add(member.id);
    return ownLink(`/members/${member.handle}`, whole, "mention");
  };
  findAndReplace(tree, [MENTION, replace], { ignore: ["link", "linkReference"] });
}

function ownLink(url: string, label: string, className: string): Link {
  return { type: "link", url, data: { hProperties: { className: [className] } }, children: [{ type: "text", value: label }] };
}

/** Every other link is the writer's: sorted by where it leads, or taken back to its text. */
function secureLinks(tree: Root): void {
  visit(tree, "link", (node, index, parent) => {
    if (node.data?.hProperties) return;
    node.title = null;
    const target = sortLink(node.url);
    if (target.kind === "refused") {
      if (!parent || index === undefined) return;
      (parent as Parents & { children: PhrasingContent[] }).children.splice(index, 1, ...node.children);
      return index;
    }
    node.url = target.kind === "unknown" ? confirmPath(target.href) : target.href;
    if (target.kind !== "internal") node.data = { hProperties: { rel: ["nofollow", "ugc", "noopener"] } };
  });
}

/** Enter makes a line, as the writer saw it; Markdown's own rule would join the lines with a space. */
function breakLines(tree: Root): void {
  findAndReplace(tree, [/[ \t]*\n[ \t]*/g, () => ({ type: "break" })]);
}

const schema: SanitizeSchema = {
  tagNames: ["p", "br", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "strong", "em", "del", "code", "pre", "a", "hr", "table", "thead", "tbody", "tr", "th", "td", "figure"],
  attributes: {
    a: ["href", ["rel", "nofollow", "ugc", "noopener"], ["className", "tick", "mention"]],
    ol: ["start"],
    th: [["align", "left", "right", "center"]],
    td: [["align", "left", "right", "center"]],
    figure: ["dataChart", "dataPicture"],
  },
  protocols: { href: ["http", "https", "mailto"] },
  clobber: [],
  strip: ["script", "style"],
  required: {},
  allowComments: false,
  allowDoctypes: false,
};

const htmlMaker = unified().use(remarkRehype).use(rehypeSanitize, schema).freeze();
const htmlWriter = unified().use(rehypeStringify, { closeSelfClosing: false }).freeze();

function toHtml(tree: Root, { charts, pictures }: Drawn): string {
  const html = htmlMaker.runSync(tree) as HtmlRoot;
  visit(html, "element", (node, index, parent) => {
    if (!parent || index === undefined) return;
    if (node.tagName === "figure") {
      const { dataChart, dataPicture } = node.properties;
      const drawing = (dataPicture === undefined ? charts[Number(dataChart)] : pictures[Number(dataPicture)]) ?? [];
      (parent.children as HtmlContent[]).splice(index, 1, ...drawing);
      return index + drawing.length;
    }
    if (node.tagName === "table") {
      (parent.children as HtmlContent[])[index] = scrollable(node);
      return index + 1;
    }
  });
  return htmlWriter.stringify(html);
}

/** A wide table scrolls by itself, reachable by keyboard; right-aligned columns are figures. */
function scrollable(table: Element): Element {
  visit(table, "element", (cell) => {
    if (cell.tagName !== "th" && cell.tagName !== "td") return;
    const align = cell.properties.align;
    delete cell.properties.align;
    if (align === "right") cell.properties.className = ["num"];
    if (align === "center") cell.properties.className = ["mid"];
    if (cell.tagName === "th") cell.properties.scope = "col";
  });
  return { type: "element", tagName: "div", properties: { className: ["table-scroll"], tabIndex: 0 }, children: [table] };
}

function drawn(ref: PictureRef, { pictures }: RenderContext): HtmlContent[] {
  const picture = pictures?.get(ref.assetId);
  return picture ? [drawPicture(ref, picture)] : [];
}
