import { findPublicMemberByHandle } from "@models/member.server";
import type { Locale } from "~/i18n/locales";
import { suggestInstruments } from "./instruments.server";
import { listTopics } from "./topics.server";

/** What the search box finds today: topics, tickers and members by handle, all from memory or by one key. */
export interface SearchResult {
  kind: "topic" | "ticker" | "member";
  path: string;
  name: string;
  detail: string;
}

export const QUERY_MAX = 60;

export async function search(text: string, locale: Locale, now: Date): Promise<SearchResult[]> {
  const query = text.trim().slice(0, QUERY_MAX);
  if (query === "") return [];
  const folded = query.normalize("NFKC").toLowerCase();
  const [topics, instruments, member] = await Promise.all([
    listTopics(locale, now),
    suggestInstruments(folded, locale, now),
    findPublicMemberByHandle(folded.replace(/^@/, "")),
  ]);
  return [
    ...topics
      .filter((topic) => `${topic.name} ${topic.slug} ${topic.about}`.toLowerCase().includes(folded))
      .map((topic): SearchResult => ({ kind: "topic", path: `/topics/${topic.slug}`, name: topic.name, detail: topic.about })),
    ...instruments.map(({ id, name }): SearchResult => ({ kind: "ticker", path: `/tickers/${id}`, name, detail: id })),
    ...(member ? [{ kind: "member" as const, path: `/members/${member.handle}`, name: member.displayName, detail: `@${member.handle}` }] : []),
  ];
}
