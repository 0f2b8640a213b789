import type { Element, ElementContent } from "hast";
import type { Image, Nodes, Paragraph, PhrasingContent, Root } from "mdast";
import { SKIP, visit } from "unist-util-visit";

/**
 * Pictures of a text: `![what it shows](media:<32 hex> "caption")`, or `![](media:<32 hex>#decorative)` for one that
 * shows nothing to tell. A paragraph is split around its pictures, because a figure cannot stand inside a line; pictures
 * in headings, tables, links and emphasis stay their description. The element is drawn by us from what the asset is:
 * nothing of the writer but description and caption goes in, and both as text.
 */
export interface BodyPicture {
  /** Folder of its files: `/m/<assetId>`, or a signed path that ends. */
  base: string;
  /** Of the largest file, in pixels. */
  width: number;
  height: number;
  animated: boolean;
  /** What there is in each format, smallest first. AVIF comes later or never; an animation is one WebP. */
  files: Record<"jpg" | "webp" | "avif", PictureFile[]>;
}

export interface PictureFile {
  name: string;
  /** In pixels. */
  width: number;
}

export interface PictureRef {
  assetId: string;
  /** Empty for a decorative picture, and for one whose description is still missing. */
  alt: string;
  caption: string;
  decorative: boolean;
}

const ADDRESS = /^media:([0-9a-f]{32})(#decorative)?$/;
const ANY_ID = /media:([0-9a-f]{32})/g;

/** Ids that the text names anywhere, so that the caller can look them up in one query. At most `max`, in order. */
export function listNamedAssets(source: string, max: number): string[] {
  const ids = new Set<string>();
  for (const [, id] of source.matchAll(ANY_ID)) {
    if (id) ids.add(id);
    if (ids.size >= max) break;
  }
  return [...ids];
}

/**
 * Takes the pictures out of the paragraphs and leaves numbered figures for those that `known` has. Every picture named
 * in a place where one can stand goes into `refs`, known or not, so that the writer can be told about it.
 */
export function takePictures(tree: Root, known: ReadonlyMap<string, BodyPicture>, refs: PictureRef[]): void {
  visit(tree, "paragraph", (node, index, parent) => {
    if (!parent || index === undefined || !node.children.some(isOurs)) return;
    const parts = splitAround(node, known, refs);
    (parent.children as Nodes[]).splice(index, 1, ...parts);
    return [SKIP, index + parts.length];
  });
  visit(tree, "image", (node, index, parent) => {
    if (!parent || index === undefined || !node.url.startsWith("media:")) return;
    (parent.children as Nodes[])[index] = { type: "text", value: node.alt ?? "" };
  });
}

function isOurs(node: PhrasingContent): node is Image {
  return node.type === "image" && ADDRESS.test(node.url);
}

function splitAround({ children }: Paragraph, known: ReadonlyMap<string, BodyPicture>, refs: PictureRef[]): Paragraph[] {
  const parts: Paragraph[] = [];
  let line: PhrasingContent[] = [];
  const endLine = () => {
    const trimmed = trimEnds(line);
    if (trimmed.length > 0) parts.push({ type: "paragraph", children: trimmed });
    line = [];
  };
  for (const child of children) {
    const ref = child.type === "image" ? toRef(child) : null;
    if (!ref) line.push(child);
    else {
      const number = refs.push(ref) - 1;
      if (!known.has(ref.assetId)) line.push({ type: "text", value: ref.alt });
      else {
        endLine();
        parts.push({ type: "paragraph", children: [], data: { hName: "figure", hProperties: { dataPicture: String(number) } } });
      }
    }
  }
  endLine();
  return parts;
}

function toRef({ url, alt, title }: Image): PictureRef | null {
  const match = ADDRESS.exec(url);
  if (!match?.[1]) return null;
  const decorative = match[2] !== undefined;
  return { assetId: match[1], alt: decorative ? "" : (alt ?? "").trim(), caption: (title ?? "").trim(), decorative };
}

/** The line ends between words and a picture would become empty lines of their own. */
function trimEnds(line: PhrasingContent[]): PhrasingContent[] {
  const kept = line.filter((node) => node.type !== "text" || node.value !== "").filter((node, index, all) => node.type !== "break" || (index > 0 && index < all.length - 1));
  const first = kept[0];
  if (first?.type === "text") first.value = first.value.trimStart();
  const last = kept.at(-1);
  if (last?.type === "text") last.value = last.value.trimEnd();
  return kept.filter((node) => node.type !== "text" || node.value !== "");
}

/** Text column of an article, see --measure; a phone shows the full width less its margins. */
const COLUMN_PX = 640;

export function drawPicture(ref: PictureRef, picture: BodyPicture): Element {
  const { base, width, height, files } = picture;
  const isTall = height > width * 1.3;
  const column = Math.min(width, isTall ? COLUMN_PX / 1.5 : COLUMN_PX);
  const sizes = `(min-width: 44rem) ${Math.round(column)}px, calc(100vw - 32px)`;
  const set = (list: PictureFile[]) => list.map((file) => `${base}/${file.name} ${file.width}w`).join(", ");
  // Whoever asks for less motion gets the still picture.
  const media = picture.animated ? { media: "(prefers-reduced-motion: no-preference)" } : {};
  const source = (format: "avif" | "webp"): ElementContent[] =>
    files[format].length > 0 ? [element("source", { type: `image/${format}`, ...media, srcSet: set(files[format]), sizes })] : [];
  const img = element("img", {
    src: `${base}/${(files.jpg[1] ?? files.jpg[0])?.name ?? "320.jpg"}`,
    srcSet: set(files.jpg),
    sizes,
    width,
    height,
    alt: ref.alt,
    loading: "lazy",
    decoding: "async",
  });
  const caption = ref.caption === "" ? [] : [element("figcaption", {}, [{ type: "text", value: ref.caption }])];
  const drawn = element("picture", {}, [...source("avif"), ...source("webp"), img]);
  return element("figure", { className: isTall ? ["pic", "tall"] : ["pic"] }, [drawn, ...caption]);
}

function element(tagName: string, properties: Element["properties"], children: ElementContent[] = []): Element {
  return { type: "element", tagName, properties, children };
}
