import { expect, test } from "vitest";
import "~/i18n/locale.server";
import { toClipMedia } from "~/format/media-view";
import { clipJsonLd, clipMeta, isoDuration, largestPoster } from "~/seo/clips";
import type { JsonLd } from "~/seo/json-ld";
import { metaFor } from "~/seo/meta";
import { feedPathOf, parseFeedAddress } from "~/seo/syndication";
import { clipOf } from "../../support/clips";

const SITE = "https://goldbean.example";
const matches = (locale: string) => [{ id: "root", data: { locale, publicUrl: SITE } }];
const media = toClipMedia(clipOf({ durationSec: 83.4 }));
const FACTS = {
  clip: { id: "c1", title: "月费 0.5% 其实是年化 10.9%", excerpt: "先看年化。", lang: "zh-CN" as const, author: { handle: "nanshan", displayName: "南山记账人" }, media, publishedAt: "2026-03-02T04:00:00.000Z", likeCount: 3, commentCount: 2 },
  words: { html: "<p>先看 &amp; 再算</p>", transcript: "本金越还越少。", viewCount: 40, editedAt: null, topics: [{ name: "分期与利率" }], revision: 2 },
};

/** What a search engine requires before it shows a film, and what else we always have. */
const REQUIRED = ["name", "description", "thumbnailUrl", "uploadDate", "duration", "contentUrl", "transcript", "interactionStatistic", "inLanguage", "author", "url"];

test("given a clip, then its structured data has every required field, whole addresses and a length in ISO 8601", () => {
  const data: JsonLd = clipJsonLd(FACTS, matches("zh-CN"));
  expect(data["@type"]).toBe("VideoObject");
  expect(REQUIRED.filter((field) => data[field] === undefined || data[field] === "")).toEqual([]);
  expect(data.duration).toBe("PT1M23S");
  expect(data.description).toBe("先看 & 再算");
  expect(data.contentUrl).toBe(`${SITE}/m/${media.assetId}/720.mp4`);
  expect(data.thumbnailUrl).toEqual([`${SITE}/m/${media.assetId}/poster-720.jpg`]);
  expect(Number.isNaN(Date.parse(String(data.uploadDate)))).toBe(false);
  expect(JSON.stringify(data.interactionStatistic)).toContain('{"@type":"WatchAction"},"userInteractionCount":40');
});

test("given a clip without words, poster or transcript, then the required fields are still there", () => {
  const bare = { clip: { ...FACTS.clip, excerpt: "", media: toClipMedia(clipOf({ posters: [], captions: [] })) }, words: { ...FACTS.words, html: "", transcript: "" } };
  const data = clipJsonLd(bare, matches("zh-CN"));
  expect(["name", "description", "thumbnailUrl", "uploadDate", "duration", "contentUrl"].filter((field) => !data[field])).toEqual([]);
  expect(data.thumbnailUrl).toEqual([`${SITE}/share/post/c1.png?r=2`]);
});

test.each([
  [0, "PT1S"],
  [7.4, "PT7S"],
  [60, "PT1M"],
  [180, "PT3M"],
  [83, "PT1M23S"],
])("given %d seconds, then the length is %s", (seconds, text) => {
  expect(isoDuration(seconds)).toBe(text);
});

test("given a clip's head, then other sites find the film with its type and size, and the poster with its own", () => {
  const tags = metaFor({ matches: matches("en"), location: { pathname: "/clips/c1" }, ...clipMeta(FACTS, matches("en")) });
  const property = (name: string) => tags.flatMap((tag) => ("property" in tag && tag.property === name ? [tag.content] : []));
  expect(property("og:type")).toEqual(["video.other"]);
  expect(property("og:video")).toEqual([`${SITE}/m/${media.assetId}/720.mp4`]);
  expect(property("og:video:type")).toEqual(["video/mp4"]);
  expect([property("og:video:width"), property("og:video:height")]).toEqual([["720"], ["1280"]]);
  expect(property("og:image")).toEqual([`${SITE}${largestPoster(media)?.url}`]);
  expect([property("og:image:width"), property("og:image:height")]).toEqual([["720"], ["1280"]]);
  const links = tags.filter((tag): tag is typeof tag & { rel?: string; href?: string; hrefLang?: string } => "tagName" in tag);
  expect(links.find(({ rel }) => rel === "canonical")?.href).toBe(`${SITE}/clips/c1`);
  expect(links.flatMap(({ hrefLang }) => hrefLang ?? [])).toEqual(["zh-CN", "x-default"]);
});

test("given the page of clips, then its feeds for readers' programs lead back to it", () => {
  expect(feedPathOf("/clips", "en")).toBe("/feeds/en/clips");
  expect(parseFeedAddress("en/clips.atom")).toMatchObject({ page: "/clips", list: { kind: "clips" } });
});
