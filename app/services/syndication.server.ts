import { Feed, type Item } from "feed";
import { NotFound } from "@models/errors";
import { findPublicMemberByHandle } from "@models/member.server";
import type { SyndicationAddress, SyndicationFormat } from "../seo/syndication";
import type { Locale } from "../i18n/locales";
import { getFixedT } from "../i18n/t";
import { readFeed, type FeedName, type PostCard } from "./feeds.server";
import { listInstruments } from "./instruments.server";
import { getTopic } from "./topics.server";

/** A list of posts for readers' programs: the first page of the same feed as on the site, in three formats. */
export interface Syndicated {
  body: string;
  tags: string[];
}

const RENDER: Record<SyndicationFormat, (feed: Feed) => string> = { rss: (feed) => feed.rss2(), atom: (feed) => feed.atom1(), json: (feed) => feed.json1() };

export async function syndicate(address: SyndicationAddress, publicUrl: string, now: Date): Promise<Syndicated> {
  const { feed, title, tag } = await identify(address, now);
  const { items } = await readFeed({ feed, locale: address.locale, cursor: null, viewerId: null }, now);
  const t = getFixedT(address.locale);
  const own = `${publicUrl}/feeds/${address.path}`;
  const document = new Feed({
    id: own,
    title: `${title} · ${t("common.brand")}`,
    description: t("common.tagline"),
    link: `${publicUrl}${address.page}`,
    language: address.locale,
    favicon: `${publicUrl}/favicon.ico`,
    image: `${publicUrl}/icon-512.png`,
    copyright: t("common.brand"),
    // Not the clock: an unchanged feed stays the same bytes, and a reader's program gets 304.
    updated: new Date(items.reduce((latest, item) => (item.publishedAt > latest ? item.publishedAt : latest), "1970-01-01T00:00:00.000Z")),
    feedLinks: { [address.format === "json" ? "json" : address.format === "atom" ? "atom" : "rss"]: own },
  });
  for (const item of items) document.addItem(entryOf(item, publicUrl, address.format));
  return { body: RENDER[address.format](document), tags: [tag, ...items.map(({ id }) => `post:${id}`)] };
}

function entryOf(item: PostCard, publicUrl: string, format: SyndicationFormat) {
  const link = `${publicUrl}/${item.clip ? "clips" : "posts"}/${item.id}`;
  return {
    id: link,
    guid: link,
    link,
    title: item.title,
    description: item.excerpt,
    ...(item.clip ? filmOf(item.clip, publicUrl, format) : {}),
    date: new Date(item.publishedAt),
    published: new Date(item.publishedAt),
    author: [{ name: item.author.displayName, link: `${publicUrl}/members/${item.author.handle}` }],
    category: item.topic ? [{ name: item.topic.name, term: item.topic.slug }] : [],
  };
}

/**
 * The film of a clip. In RSS an item has one enclosure, and a picture would take its place; JSON Feed calls it an
 * attachment, which the library does not know but for its list of extensions, typed narrower than it is used.
 */
function filmOf({ poster, file, durationSec }: NonNullable<PostCard["clip"]>, publicUrl: string, format: SyndicationFormat): Partial<Item> {
  if (!file) return {};
  const url = publicUrl + file.url;
  if (format !== "json") return { video: { url, type: "video/mp4", length: file.bytes } };
  const attachments = [{ url, mime_type: "video/mp4", size_in_bytes: file.bytes, duration_in_seconds: durationSec }];
  return { ...(poster ? { image: publicUrl + poster } : {}), extensions: [{ name: "attachments", objects: attachments as unknown as Record<string, unknown> }] };
}

async function identify({ list, locale }: SyndicationAddress, now: Date): Promise<{ feed: FeedName; title: string; tag: string }> {
  switch (list.kind) {
    case "topic": {
      const topic = await getTopic(list.id, locale, now);
      if (!topic) throw new NotFound(`topic ${list.id}`);
      return { feed: list, title: topic.name, tag: `feed:topic:${list.id}:${locale}` };
    }
    case "ticker": {
      const [instrument] = await listInstruments([list.id], locale, now);
      if (!instrument) throw new NotFound(`instrument ${list.id}`);
      return { feed: list, title: `${instrument.name} (${list.id})`, tag: `feed:ticker:${list.id}` };
    }
    case "author": {
      const member = await findPublicMemberByHandle(list.handle);
      if (!member) throw new NotFound(`member ${list.handle}`);
      return { feed: { kind: "author", id: member._id }, title: member.displayName, tag: `feed:author:${member._id}` };
    }
    default:
      return { feed: list, title: titleOf(list.kind, locale), tag: `feed:${list.kind}:${locale}` };
  }
}

function titleOf(kind: "recommended" | "latest" | "hot" | "clips", locale: Locale): string {
  const t = getFixedT(locale);
  if (kind === "clips") return t("clips.title");
  return kind === "recommended" ? t("feed.recommended") : kind === "latest" ? t("feed.latest") : t("feed.hot");
}
