import sharp from "sharp";
import { expect, test } from "vitest";
import "~/i18n/locale.server";
import { postJsonLd, profileJsonLd, type JsonLd } from "~/seo/json-ld";
import { metaFor, type PageMeta } from "~/seo/meta";
import { CARD_SIZE, drawCard, widthOf, wrap } from "~/seo/share-card.server";
import { feedPathOf, parseFeedAddress } from "~/seo/syndication";

const SITE = "https://goldbean.example";
const matches = (locale: string) => [{ id: "root", data: { locale, publicUrl: SITE } }];

const POST = {
  id: "p1",
  title: "三十年，费率差 0.5%",
  html: "<h2>先算</h2><p>10 万元 &amp; 六成 &lt;估算&gt;</p>",
  excerpt: "先算。",
  lang: "zh-CN",
  revision: 3,
  publishedAt: "2026-03-02T04:00:00.000Z",
  editedAt: null,
  likeCount: 3,
  commentCount: 2,
  viewCount: 40,
  topics: [{ name: "基金入门" }],
  author: { handle: "nanshan", displayName: "南山记账人" },
};
const PROFILE = { id: "m1", handle: "nanshan", displayName: "南山记账人", bio: "只写自己算过的数。", joinedAt: "2025-01-01T00:00:00.000Z", followerCount: 8, postCount: 4 };

/** What search engines require of each type before they show it; the recommended ones that we always have stand beside. */
const REQUIRED: Record<string, string[]> = {
  DiscussionForumPosting: ["author", "datePublished", "text", "headline", "url", "dateModified", "commentCount", "interactionStatistic", "mainEntityOfPage"],
  ProfilePage: ["mainEntity", "dateCreated"],
  Person: ["name", "url"],
  InteractionCounter: ["interactionType", "userInteractionCount"],
};

function missingIn(value: unknown, path = "$"): string[] {
  if (Array.isArray(value)) return value.flatMap((part, index) => missingIn(part, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return [];
  const object = value as JsonLd;
  const own = (REQUIRED[String(object["@type"])] ?? []).filter((field) => object[field] === undefined || object[field] === "").map((field) => `${path}.${field}`);
  return [...own, ...Object.entries(object).flatMap(([name, part]) => missingIn(part, `${path}.${name}`))];
}

test.each([
  ["a post", postJsonLd(POST, matches("zh-CN"))],
  ["a profile", profileJsonLd(PROFILE, matches("en"))],
])("given %s, then its structured data has every required field, with dates and absolute addresses", (_name, data) => {
  expect(missingIn(data)).toEqual([]);
  const text = JSON.stringify(data);
  for (const [, address = ""] of text.matchAll(/"(?:url|@id|image)":"([^"]+)"/g)) expect(address).toMatch(/^https:\/\/goldbean\.example\//);
  for (const [, date = ""] of text.matchAll(/"date\w+":"([^"]+)"/g)) expect(Number.isNaN(Date.parse(date))).toBe(false);
});

test("given rendered words, then structured data carries them as text", () => {
  expect(postJsonLd(POST, matches("zh-CN")).text).toBe("先算 10 万元 & 六成 <估算>");
});

type Link = { rel?: string; href?: string; hrefLang?: string };
const linksOf = (page: Omit<PageMeta, "matches">, locale = "zh-CN") => metaFor({ ...page, matches: matches(locale) }).filter((part): part is Link & typeof part => "tagName" in part);

test("given a list, then it is one page per language, each naming the other and the bare address", () => {
  const links = linksOf({ location: { pathname: "/latest", search: "?lang=en&cursor=x" }, kind: "feed" }, "en");
  expect(links.find(({ rel }) => rel === "canonical")?.href).toBe(`${SITE}/latest?lang=en`);
  const bare = linksOf({ location: { pathname: "/latest", search: "" }, kind: "feed" }, "en");
  expect(bare.find(({ rel }) => rel === "canonical")?.href).toBe(`${SITE}/latest`);
  expect(links.filter(({ hrefLang }) => hrefLang).map(({ hrefLang, href }) => [hrefLang, href])).toEqual([
    ["zh-CN", `${SITE}/latest?lang=zh-CN`],
    ["en", `${SITE}/latest?lang=en`],
    ["x-default", `${SITE}/latest`],
  ]);
  expect(links.filter((link) => "type" in link).map(({ href }) => href)).toEqual(["/feeds/en/latest.rss", "/feeds/en/latest.atom", "/feeds/en/latest.json"]);
});

test("given a post, then it has one address whatever the language around it", () => {
  const links = linksOf({ location: { pathname: "/posts/p1" }, kind: "post", title: "t" }, "en");
  expect(links.find(({ rel }) => rel === "canonical")?.href).toBe(`${SITE}/posts/p1`);
});

test("given a private page, then it asks not to be listed and names no card", () => {
  expect(metaFor({ matches: matches("zh-CN"), location: { pathname: "/saved" }, kind: "private" })).toContainEqual({ name: "robots", content: "noindex" });
});

test.each(["/", "/latest", "/hot", "/topics/funds", "/tickers/SH510300", "/members/nanshan"])("given the list %s, then the address of its feed leads back to it", (page) => {
  const address = parseFeedAddress(`${feedPathOf(page, "en")?.slice("/feeds/".length)}.atom`);
  expect(address).toMatchObject({ page, locale: "en", format: "atom" });
});

test.each(["en/latest.exe", "fr/latest.rss", "en/topics.rss", "en/latest/x.rss", "en/../latest.rss", "", "en/topics/a b.rss"])("given %j, then it names no feed", (path) => {
  expect(parseFeedAddress(path)).toBeNull();
});

test("given a long Chinese title, then lines fit, none begins with closing punctuation, and the cut is shown", () => {
  const lines = wrap("“保本高收益，跟着老师做”：三个月的聊天记录，一句一句拆开，看看骗局到底是怎么一步步推进的，最后为什么提不出来", 16, 3);
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(widthOf(line)).toBeLessThanOrEqual(16.6);
    expect(line).not.toMatch(/^[，。、”：？]/);
  }
  expect(lines.at(-1)).toMatch(/…$/);
});

test.each(["<script>&\"'", "a\u0000b\u0008", "x".repeat(400), "👨‍👩‍👧‍👦 family", ""])("given the title %j, then a card of the right size is drawn", async (title) => {
  const picture = await drawCard({ title, author: "Ann <b>", topic: "Funds & fees", locale: "en" });
  expect(await sharp(picture).metadata()).toMatchObject({ format: "png", ...CARD_SIZE });
});
