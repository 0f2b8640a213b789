import { diffLines, diffWordsWithSpace } from "diff";
import { NotFound } from "@models/errors";
import { getRevision, listRevisions, type RevisionWords } from "@models/post-revision.server";
import { getPost, requireVisiblePost, type Post } from "@models/post.server";

/** What a post said before each edit, and what changed between two of its revisions. */
export interface RevisionRow {
  revision: number;
  title: string;
  writtenAt: string;
  current: boolean;
}

export interface DiffPart {
  kind: "same" | "added" | "removed";
  text: string;
}

export interface HistoryView {
  postId: string;
  title: string;
  lang: string;
  revisions: RevisionRow[];
  /** The two revisions compared; null when the post was never edited. */
  compared: { from: number; to: number; title: DiffPart[]; body: DiffPart[] } | null;
}

/** Readers see the history of what they can read; the author also that of a held post. */
export async function readHistory(
  { postId, viewerId, from, to }: { postId: string; viewerId: string | null; from: number | null; to: number | null },
): Promise<HistoryView> {
  const own = await getPost(postId);
  const post = own && own.authorId === viewerId && own.state === "held" ? own : await requireVisiblePost(postId);
  const older = await listRevisions(postId);
  const current: RevisionRow = { revision: post.revision, title: post.title, writtenAt: (post.editedAt ?? post.publishedAt).toISOString(), current: true };
  const revisions = [current, ...older.map((row) => ({ ...row, writtenAt: row.writtenAt.toISOString(), current: false }))].map(
    ({ revision, title, writtenAt, current: isCurrent }) => ({ revision, title, writtenAt, current: isCurrent }),
  );
  const right = to ?? post.revision;
  const left = from ?? right - 1;
  const compared = post.revision > 1 && left >= 1 ? await compare(post, left, right) : null;
  return { postId, title: post.title, lang: post.lang, revisions, compared };
}

async function compare(post: Post, from: number, to: number): Promise<HistoryView["compared"]> {
  const before = await requireWords(post, from);
  const after = await requireWords(post, to);
  return { from, to, title: diffText(before.title, after.title), body: diffText(before.body, after.body) };
}

async function requireWords(post: Post, revision: number): Promise<RevisionWords> {
  const words = revision === post.revision ? post : await getRevision(post._id, revision);
  if (!words) throw new NotFound(`revision ${revision} of ${post._id}`);
  return words;
}

/** Longest time a word-by-word comparison may take before whole lines are compared instead. */
const DIFF_TIMEOUT_MS = 200;
const segmenter = new Intl.Segmenter("zh-CN", { granularity: "word" });

/** Changes by word (Chinese words are found by dictionary), or by line for texts that differ too much. */
export function diffText(before: string, after: string): DiffPart[] {
  const byWord = diffWordsWithSpace(before, after, { intlSegmenter: segmenter, timeout: DIFF_TIMEOUT_MS });
  const changes = byWord ?? diffLines(before, after, { timeout: DIFF_TIMEOUT_MS }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return changes.map(({ value, added, removed }) => ({ kind: added ? "added" : removed ? "removed" : "same", text: value }));
}
