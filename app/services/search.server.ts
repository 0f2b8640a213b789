import { searchInstruments } from "@models/instrument.server";
import { findPublicMemberByHandle } from "@models/member.server";
import type { Locale } from "~/i18n/locales";
import { listTopics } from "./topics.server";

/** What the search box finds today: topics, tickers and members by handle, all from memory or by one key. */
export interface SearchResult {
  kind: "topic" | "ticker" | "member";
  path: string;
  name: string;
  detail: string;
}

const TICKERS_MAX = 8;
export const QUERY_MAX = 60;

export async function search(text: string, locale: Locale, now: Date): Promise<SearchResult[]> {
  const query = text.trim().slice(0, QUERY_MAX);
  if (query === "") return [];
  const folded = query.normalize("NFKC").toLowerCase();
  const [topics, member] = await Promise.all([listTopics(locale, now), findPublicMemberByHandle(folded.replace(/^@/, ""))]);
  return [
    ...topics
      .filter((topic) => `${topic.name} ${topic.slug} ${topic.about}`.toLowerCase().includes(folded))
      .map((topic): SearchResult => ({ kind: "topic", path: `/topics/${topic.slug}`, name: topic.name, detail: topic.about })),
    ...searchInstruments(folded, TICKERS_MAX).map(
      (instrument): SearchResult => ({ kind: "ticker", path: `/tickers/${instrument._id}`, name: instrument.name[locale], detail: instrument._id }),
    ),
    ...(member ? [{ kind: "member" as const, path: `/members/${member.handle}`, name: member.displayName, detail: `@${member.handle}` }] : []),
  ];
}
