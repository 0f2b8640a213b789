import { expect, test } from "vitest";
import { parseFeedAddress } from "~/seo/syndication";
import { listSitemapParts, readSitemapPart } from "~/services/sitemap.server";
import { syndicate } from "~/services/syndication.server";
import { useDatabase } from "../support/db";
import { makeClip } from "../support/clips";
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

test("given a clip, then it stands in a part of its own with its film, and among no articles", async () => {
  const author = await makeMember();
  const clip = await makeClip({ authorId: author._id, lang: "en", publishedAt: minutesAfter(AT_NOON, 3), title: "A clip" });
  const article = await makePost({ authorId: author._id, lang: "en", publishedAt: minutesAfter(AT_NOON, 2) });
  expect(await readSitemapPart("clips-en-1", AT_NOON)).toEqual([
    {
      path: `/clips/${clip._id}`,
      lastChangedAt: clip.publishedAt,
      video: { title: "A clip", description: clip.excerpt, thumbnailPath: `/m/${clip.clip?.assetId}/poster-360.jpg`, filePath: `/m/${clip.clip?.assetId}/720.mp4`, durationSec: 24, publishedAt: clip.publishedAt },
    },
  ]);
  expect((await readSitemapPart("posts-en-2026-03-1", AT_NOON))?.map(({ path }) => path)).toEqual([`/posts/${article._id}`]);
  expect((await listSitemapParts(minutesAfter(AT_NOON, 60))).map(({ name }) => name)).toContain("clips-en-1");
  expect(await readSitemapPart("clips-en-99", AT_NOON)).toBeNull();
});

test("given clips in three formats, then each names the film with its type and length", async () => {
  const author = await makeMember();
  const clip = await makeClip({ authorId: author._id, lang: "en", publishedAt: minutesAfter(AT_NOON, 4) });
  const file = `${SITE}/m/${clip.clip?.assetId}/720.mp4`;
  for (const format of ["rss", "atom", "json"] as const) {
    const address = parseFeedAddress(`en/clips.${format}`);
    if (!address) throw new Error("the address was not understood");
    const { body } = await syndicate(address, SITE, minutesAfter(AT_NOON, 10));
    expect(body).toContain(`${SITE}/clips/${clip._id}`);
    expect(body).toContain(file);
    expect(body).toMatch(/video\/mp4/);
    expect(body).toMatch(/1500000/);
  }
});
