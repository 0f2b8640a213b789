import { LRUCache } from "lru-cache";
import { listFeedEntries, topicFeed } from "@models/feed-entry.server";
import { NotFound } from "@models/errors";
import { isFollowing } from "@models/follow.server";
import { listLiked } from "@models/like.server";
import { listMembersByIds } from "@models/member.server";
import { getVote } from "@models/poll-vote.server";
import { ClipGone, getPost, PostGone, type Post } from "@models/post.server";
import { listSaved } from "@models/save.server";
import type { Locale } from "~/i18n/locales";
import { isTakenDown } from "./clips-read.server";
import { toCards, type MemberChip, type PostCard } from "./feeds.server";
import { listInstruments } from "./instruments.server";
import { listTopics } from "./topics.server";

/** A post as its page shows it. Plain values only. */
export interface PostView {
  id: string;
  title: string;
  html: string;
  excerpt: string;
  lang: Locale;
  author: MemberChip & { bio: string; followed: boolean };
  topics: { slug: string; name: string }[];
  tickers: { id: string; name: string }[];
  declarations: string[];
  holds: { id: string; name: string }[];
  poll: PollView | null;
  /** Its page is /clips/<id>. */
  isClip: boolean;
  commentPolicy: Post["commentPolicy"];
  state: Post["state"];
  revision: number;
  editCount: number;
  editedAt: string | null;
  publishedAt: string;
  readMinutes: number;
  likeCount: number;
  saveCount: number;
  commentCount: number;
  viewCount: number;
  liked: boolean;
  saved: boolean;
  mine: boolean;
}

export interface PollView {
  question: string;
  multiple: boolean;
  closesAt: string;
  closed: boolean;
  voters: number;
  /** The reader's own choices; empty before voting. */
  chosen: string[];
  /** Votes are null until the reader has voted or the poll is closed. */
  options: { id: string; text: string; votes: number | null }[];
}

/** A post for its page. Held posts are seen by their author alone; deleted ones are GONE. */
export async function readPost(
  { postId, locale, viewerId }: { postId: string; locale: Locale; viewerId: string | null },
  now: Date,
): Promise<PostView> {
  const post = await getPost(postId);
  if (!post) throw new NotFound(`post ${postId}`);
  const mine = post.authorId === viewerId;
  const isGone = post.state === "deleted" || post.state === "removed" || (!mine && (await isTakenDown(post)));
  if (isGone) throw post.clip ? new ClipGone(postId) : new PostGone(postId);
  if ((post.state === "held" || post.state === "waiting") && !mine) throw new NotFound(`post ${postId}`);
  const [authors, topics, instruments, liked, saved, followed, chosen] = await Promise.all([
    listMembersByIds([post.authorId]),
    listTopics(locale, now),
    listInstruments([...new Set([...post.tickers, ...post.holds])], locale, now),
    viewerId ? listLiked(viewerId, "post", [postId]) : new Set<string>(),
    viewerId ? listSaved(viewerId, [postId]) : new Set<string>(),
    viewerId && !mine ? isFollowing({ followerId: viewerId, kind: "member", targetId: post.authorId }) : false,
    viewerId && post.poll ? getVote(postId, viewerId) : [],
  ]);
  const author = authors.get(post.authorId);
  if (!author) throw new NotFound(`author of ${postId}`);
  const names = new Map(topics.map((topic) => [topic.slug, topic.name]));
  const named = (id: string) => ({ id, name: instruments.find((instrument) => instrument.id === id)?.name ?? id });
  return {
    id: post._id,
    title: post.title,
    html: post.html,
    excerpt: post.excerpt,
    lang: post.lang,
    author: { id: author._id, handle: author.handle, displayName: author.displayName, tier: author.tier, bio: author.bio, followed },
    topics: post.topics.map((slug) => ({ slug, name: names.get(slug) ?? slug })),
    tickers: post.tickers.map(named),
    declarations: post.declarations,
    holds: post.holds.map(named),
    poll: post.poll ? toPollView(post.poll, chosen, now) : null,
    isClip: Boolean(post.clip),
    commentPolicy: post.commentPolicy,
    state: post.state,
    revision: post.revision,
    editCount: post.editCount,
    editedAt: post.editedAt?.toISOString() ?? null,
    publishedAt: post.publishedAt.toISOString(),
    readMinutes: post.readMinutes,
    likeCount: post.likeCount,
    saveCount: post.saveCount,
    commentCount: post.commentCount,
    viewCount: post.viewCount,
    liked: liked.has(postId),
    saved: saved.has(postId),
    mine,
  };
}

export function toPollView(poll: NonNullable<Post["poll"]>, chosen: string[], now: Date): PollView {
  const closed = poll.closesAt <= now;
  const open = closed || chosen.length > 0;
  return {
    question: poll.question,
    multiple: poll.multiple,
    closesAt: poll.closesAt.toISOString(),
    closed,
    voters: poll.voters,
    chosen,
    options: poll.options.map((option) => ({ id: option.id, text: option.text, votes: open ? option.votes : null })),
  };
}

const RELATED = 4;
const NEIGHBOURS_LIFE_MS = 30_000;
const neighbours = new LRUCache<string, { ids: string[]; readAtMs: number }>({ max: 2_000 });

/** Neighbours in the post's main topic, as titles: the next older ones, then the newest. Those that are gone are left out. */
export async function listRelated({ post, locale }: { post: PostView; locale: Locale }, now: Date): Promise<PostCard[]> {
  const slug = post.topics[0]?.slug;
  if (!slug) return [];
  const key = `${post.id} ${slug}`;
  // Which posts stand nearby changes with new posts alone; whether they may still be seen is asked each time.
  const known = neighbours.get(key);
  const ids = known && Math.abs(now.getTime() - known.readAtMs) < NEIGHBOURS_LIFE_MS ? known.ids : await readNeighbours(post, slug);
  if (ids !== known?.ids) neighbours.set(key, { ids, readAtMs: now.getTime() });
  const cards = await toCards({ postIds: ids, locale, viewerId: null }, now);
  return cards.map((card) => ({ ...card, excerpt: "", chart: null }));
}

async function readNeighbours(post: PostView, slug: string): Promise<string[]> {
  const feeds = [topicFeed(slug, post.lang)];
  const older = await listFeedEntries({ feeds, after: { publishedAt: new Date(post.publishedAt), postId: post.id }, limit: RELATED });
  const newest = older.length < RELATED ? await listFeedEntries({ feeds, after: null, limit: RELATED + 1 }) : [];
  const ids = [...new Set([...older, ...newest].map((entry) => entry.postId))].filter((id) => id !== post.id);
  return ids.slice(0, RELATED);
}
