import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/**
 * The demo's content, read from files that a writer can edit: members, topics and instruments as YAML, a post as
 * Markdown with YAML on top. A file that does not fit its shape stops the seed with the file's name.
 */
/** Below the working directory, because the built seed script stands elsewhere than this file. */
const FOLDER = resolve("scripts/seed");
const LANGS = ["zh-CN", "en"] as const;
const bothNames = z.object({ "zh-CN": z.string().min(1), en: z.string().min(1) });
const handle = z.string().regex(/^[a-z0-9_]{2,20}$/);

const SeedMember = z.strictObject({
  handle,
  displayName: z.string().min(1).max(30),
  lang: z.enum(LANGS),
  tier: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  joinedDaysAgo: z.int().min(1).max(2_000),
  bio: z.string().max(160),
  /** For whoever writes in this member's name; not shown. */
  voice: z.string(),
});

const SeedTopic = z.strictObject({ slug: z.string().regex(/^[a-z-]{2,30}$/), name: bothNames, about: bothNames });

const SeedInstrument = z.strictObject({
  id: z.string().regex(/^[A-Z0-9.]{1,12}$/),
  symbol: z.string().min(1),
  market: z.enum(["SH", "SZ", "BJ", "HK", "US", "OF"]),
  kind: z.enum(["stock", "etf", "fund", "index", "bond"]),
  name: bothNames,
  aliases: z.array(z.string()).default([]),
});

const SeedReply = z.strictObject({ by: handle, at: z.number().min(0), text: z.string().min(1) });
/** A comment, and what answers it; `at` is in hours after the post. */
export const SeedComment = SeedReply.extend({ replies: z.array(SeedReply).default([]) });

/** A number in the text and the formula that gives it; scripts/check-figures.ts recomputes each. */
const Figure = z.strictObject({ says: z.string().min(1), is: z.string().min(1), digits: z.int().min(0).max(6) });

/**
 * What a series of a chart draws: one formula of its x value, called n, or a formula for each of its values; or, for
 * values that no formula gives, what they are. The name is the one in the chart.
 */
const ChartFigure = z.union([
  z.strictObject({ series: z.string().min(1), is: z.union([z.string().min(1), z.array(z.string().min(1)).max(12)]) }),
  z.strictObject({ series: z.string().min(1), given: z.string().min(4) }),
]);

const FrontMatter = z.strictObject({
  title: z.string().min(4).max(100),
  author: handle,
  topics: z.array(z.string()).min(1).max(3),
  /** Hours before the day of the seed. */
  hoursAgo: z.int().min(1).max(2_400),
  declarations: z.array(z.enum(["opinion", "position", "paid", "ai"])).default([]),
  holds: z.array(z.string()).default([]),
  editorsChoice: z.boolean().default(false),
  poll: z
    .strictObject({ question: z.string(), multiple: z.boolean().default(false), closesInDays: z.int().min(1).max(60), options: z.array(z.string()).min(2).max(6) })
    .optional(),
  figures: z.array(Figure).default([]),
  charts: z.array(ChartFigure).default([]),
  views: z.int().min(0),
  /** How warmly it was received, 0 to 1; likes and saves are drawn from it. */
  heat: z.number().min(0).max(1),
  comments: z.array(SeedComment).default([]),
});

export type SeedMember = z.infer<typeof SeedMember>;
export type SeedComment = z.infer<typeof SeedComment>;
export type SeedTopic = z.infer<typeof SeedTopic>;
export type SeedInstrument = z.infer<typeof SeedInstrument>;
export type ChartFigure = z.infer<typeof ChartFigure>;
export type SeedPost = z.infer<typeof FrontMatter> & { slug: string; lang: (typeof LANGS)[number]; body: string; file: string };

export interface SeedContent {
  members: SeedMember[];
  topics: SeedTopic[];
  instruments: SeedInstrument[];
  posts: SeedPost[];
}

/** Everything at once, checked. Posts come oldest first. */
export function loadSeedContent(): SeedContent {
  const content = {
    members: readYaml("members.yaml", z.array(SeedMember)),
    topics: readYaml("topics.yaml", z.array(SeedTopic)),
    instruments: readYaml("instruments.yaml", z.array(SeedInstrument)),
    posts: LANGS.flatMap(readPosts).sort((a, b) => b.hoursAgo - a.hoursAgo || a.slug.localeCompare(b.slug)),
  };
  checkReferences(content);
  return content;
}

function readYaml<T>(name: string, schema: z.ZodType<T>): T {
  return check(name, schema, parse(readFileSync(join(FOLDER, name), "utf8")));
}

function readPosts(lang: (typeof LANGS)[number]): SeedPost[] {
  const folder = join(FOLDER, "posts", lang);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => {
      const file = join("posts", lang, name);
      const [, matter, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(join(folder, name), "utf8")) ?? [];
      if (matter === undefined || body === undefined) throw new Error(`${file}: no front matter`);
      return { ...check(file, FrontMatter, parse(matter)), slug: name.replace(/\.md$/, ""), lang, body: body.trim(), file };
    });
}

function check<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${file}: ${z.prettifyError(result.error)}`);
}

function checkReferences({ members, topics, instruments, posts }: SeedContent): void {
  const handles = new Set(members.map((member) => member.handle));
  const slugs = new Set(topics.map((topic) => topic.slug));
  const ids = new Set(instruments.map((instrument) => instrument.id));
  for (const post of posts) {
    const writers = [post.author, ...post.comments.flatMap((comment) => [comment.by, ...comment.replies.map((reply) => reply.by)])];
    for (const writer of writers) if (!handles.has(writer)) throw new Error(`${post.file}: unknown member ${writer}`);
    for (const topic of post.topics) if (!slugs.has(topic)) throw new Error(`${post.file}: unknown topic ${topic}`);
    for (const held of post.holds) if (!ids.has(held)) throw new Error(`${post.file}: unknown instrument ${held}`);
  }
}
