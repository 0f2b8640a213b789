import { expect, test } from "vitest";
import { parseFeedAddress } from "~/seo/syndication";
import { listSitemapParts, readSitemapPart } from "~/services/sitemap.server";
import { syndicate } from "~/services/syndication.server";
import { useDatabase } from "../support/db";
import { makeMember, makePost } from "../support/factories";
import { AT_NOON, minutesAfter } from "../support/posts";

useDatabase();

const SITE = "https://goldbean.example";

test("given posts of two months and languages, then each month and language has a part with its posts", async () => {
  const author = await makeMember();
  const march = await makePost({ authorId: author._id });
  const february = await makePost({ authorId: author._id, publishedAt: new Date("2026-02-10T00:00:00Z"), lang: "en" });
  const names = (await listSitemapParts(minutesAfter(AT_NOON, 5))).map(({ name }) => name);
  expect(names).toEqual(["pages", "posts-zh-CN-2026-03-1", "posts-en-2026-02-1"]);
  expect(await readSitemapPart("posts-zh-CN-2026-03-1", AT_NOON)).toEqual([{ path: `/posts/${march._id}`, lastChangedAt: AT_NOON }]);
  expect(await readSitemapPart("posts-en-2026-02-1", AT_NOON)).toEqual([{ path: `/posts/${february._id}`, lastChangedAt: february.publishedAt }]);
});

test.each(["posts-zh-CN-2026-03-2", "posts-zh-CN-2026-13-1", "posts-fr-2026-03-1", "posts-en-2026-03-99", "nothing"])("given the part %s, then there is none", async (name) => {
  expect(await readSitemapPart(name, AT_NOON)).toBeNull();
});

test("given a feed in three formats, then each names its posts and itself", async () => {
  const author = await makeMember();
  const post = await makePost({ authorId: author._id, title: "A & B <c>", publishedAt: minutesAfter(AT_NOON, 1) });
  for (const format of ["rss", "atom", "json"] as const) {
    const address = parseFeedAddress(`zh-CN/latest.${format}`);
    if (!address) throw new Error("the address was not understood");
    const { body, tags } = await syndicate(address, SITE, minutesAfter(AT_NOON, 10));
    expect(body).toContain(`${SITE}/posts/${post._id}`);
    expect(body).toContain(`${SITE}/feeds/zh-CN/latest.${format}`);
    expect(tags).toContain(`post:${post._id}`);
    if (format === "json") expect((JSON.parse(body) as { items: unknown[] }).items.length).toBeGreaterThan(0);
  }
});
