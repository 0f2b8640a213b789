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

/** A topic where it is only a way to its page: in the tab bar and beside every list. */
export type TopicLink = Pick<TopicView, "slug" | "name" | "postCount">;
/** No page shows more of them beside its own matter. */
const LINKS_MAX = 8;

interface Loaded {
  views: Record<Locale, TopicView[]>;
  links: Record<Locale, TopicLink[]>;
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
  const views = byLocale((locale) => topics.map((topic) => toView(topic, locale, counts)));
  const links = byLocale((locale) => views[locale].slice(0, LINKS_MAX).map(({ slug, name, postCount }) => ({ slug, name, postCount })));
  return { views, links, loadedAt: now.getTime() };
}

function byLocale<T>(make: (locale: Locale) => T): Record<Locale, T> {
  return { "zh-CN": make("zh-CN"), en: make("en") };
}

function toView(topic: Topic, locale: Locale, counts: Map<string, number>): TopicView {
  return { slug: topic._id, name: topic.name[locale], about: topic.about[locale], postCount: counts.get(topicFeed(topic._id, locale)) ?? 0 };
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
  return (await current(now)).views[locale];
}

/** The first few, as every page carries them twice: shown, and again as data for the browser. */
export async function listTopicLinks(locale: Locale, now: Date): Promise<TopicLink[]> {
  return (await current(now)).links[locale];
}

export async function getTopic(slug: string, locale: Locale, now: Date): Promise<TopicView | null> {
  return (await listTopics(locale, now)).find((topic) => topic.slug === slug) ?? null;
}
