import { countFeedEntries, topicFeed } from "@models/feed-entry.server";
import { listStoredTopics, type Topic } from "@models/topic.server";
import { LOCALES, type Locale } from "~/i18n/locales";
import { logger } from "~/logger.server";

/** Topics as pages show them, kept in memory: every page has the tab bar, and topics change with an editor's hand. */
export interface TopicView {
  slug: string;
  name: string;
  about: string;
  /** Visible posts in this language, counted up to POST_COUNT_MAX. */
  postCount: number;
}

const FRESH_MS = 60_000;
export const POST_COUNT_MAX = 999;

interface Loaded {
  topics: Topic[];
  counts: Map<string, number>;
  loadedAt: number;
}

let loaded: Loaded | null = null;
let loading: Promise<Loaded> | null = null;

async function load(now: Date): Promise<Loaded> {
  const topics = await listStoredTopics();
  const counts = new Map<string, number>();
  for (const topic of topics) {
    for (const lang of LOCALES) {
      const feed = topicFeed(topic._id, lang);
      counts.set(feed, await countFeedEntries(feed, POST_COUNT_MAX + 1));
    }
  }
  return { topics, counts, loadedAt: now.getTime() };
}

async function current(now: Date): Promise<Loaded> {
  if (loaded && now.getTime() - loaded.loadedAt < FRESH_MS) return loaded;
  // One refresh at a time; whoever has an older copy goes on reading it meanwhile.
  loading ??= load(now)
    .then((fresh) => (loaded = fresh))
    .finally(() => {
      loading = null;
    });
  if (!loaded) return loading;
  // Pages go on with the older copy; a refresh that fails is tried again by the next page.
  loading.catch((error: unknown) => logger.warn({ event: "topics.refreshFailed", reason: String(error) }));
  return loaded;
}

/** Forgets what is in memory; for tests and for the seed. */
export function forgetTopics(): void {
  loaded = null;
}

export async function listTopics(locale: Locale, now: Date): Promise<TopicView[]> {
  const { topics, counts } = await current(now);
  return topics.map((topic) => ({
    slug: topic._id,
    name: topic.name[locale],
    about: topic.about[locale],
    postCount: counts.get(topicFeed(topic._id, locale)) ?? 0,
  }));
}

export async function getTopic(slug: string, locale: Locale, now: Date): Promise<TopicView | null> {
  return (await listTopics(locale, now)).find((topic) => topic.slug === slug) ?? null;
}
