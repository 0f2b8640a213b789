import { clipFeed, clipTopicFeed, getNewerEntry, listFeedEntries, type FeedPosition } from "@models/feed-entry.server";
import { NotFound } from "@models/errors";
import { listFollows } from "@models/follow.server";
import { listLiked } from "@models/like.server";
import { getAsset, isRetryable, visibleState, type MediaAsset, type VisibleState } from "@models/media-asset.server";
import type { RejectReason } from "@models/media-reasons";
import { listMembersByIds } from "@models/member.server";
import { ClipGone, getPost, listPostCards, type Post, type PostCardFields } from "@models/post.server";
import { getRanking, rankingFeed, type RankReason } from "@models/ranking.server";
import { listSaved } from "@models/save.server";
import { toClipMedia, type ClipMediaView } from "../format/media-view";
import type { Locale } from "../i18n/locales";
import { parseSort, readComments, type CommentsPage } from "./comments-read.server";
import { CursorExpired, decodePosition, decodeRankedCursor, encodePosition, type MemberChip } from "./feeds.server";
import { signedMediaBase } from "./media-url.server";
import { currentRanking } from "./rankings.server";
import { listTopics } from "./topics.server";

/**
 * The vertical feed of clips. A cursor is a snapshot, as in the other feeds: recommended pages by a frozen ranking and an
 * offset, latest and topics by the last row shown. A clip's own page starts its feed behind that clip.
 * Only listed, published clips stand in a feed; their author alone sees one that waits or is held. Decision 0012.
 */
export const CLIPS_PER_PAGE = 8;

export type ClipFeedName = { kind: "recommended" | "latest" } | { kind: "topic"; id: string };

/** One clip as the stage shows it. Plain values only. */
export interface ClipView {
  id: string;
  title: string;
  excerpt: string;
  lang: Locale;
  author: MemberChip & { followed: boolean };
  topic: { slug: string; name: string } | null;
  declarations: string[];
  media: ClipMediaView;
  publishedAt: string;
  likeCount: number;
  saveCount: number;
  commentCount: number;
  liked: boolean;
  saved: boolean;
  mine: boolean;
  reason: RankReason | null;
}

export interface ClipPage {
  items: ClipView[];
  /** Present when there is more. */
  nextCursor: string | null;
}

interface Reading {
  locale: Locale;
  viewerId: string | null;
}

/** One page of a clip feed. */
export async function readClipFeed({ feed, cursor, ...reading }: Reading & { feed: ClipFeedName; cursor: string | null }, now: Date): Promise<ClipPage> {
  if (feed.kind !== "recommended") return readRows(feed, cursor ? decodePosition(cursor) : null, reading, now);
  const from = cursor ? decodeRankedCursor(cursor) : null;
  const ranking = from ? await getRanking(rankingFeed("clips", reading.locale), from.at) : await currentRanking("clips", reading.locale, now);
  if (!ranking) throw new CursorExpired();
  return readRanked(ranking, from?.offset ?? 0, reading, now);
}

async function readRanked(ranking: { at: Date; items: { postId: string; reason: RankReason }[] }, offset: number, reading: Reading, now: Date): Promise<ClipPage> {
  const slice = ranking.items.slice(offset, offset + CLIPS_PER_PAGE);
  const reasons = new Map(slice.map(({ postId, reason }) => [postId, reason]));
  const items = await toClips(slice.map(({ postId }) => postId), reading, now);
  const next = offset + CLIPS_PER_PAGE;
  return {
    items: items.map((item) => ({ ...item, reason: reasons.get(item.id) ?? null })),
    nextCursor: next < ranking.items.length ? `${ranking.at.getTime().toString(36)}~${next}` : null,
  };
}

async function readRows(feed: Exclude<ClipFeedName, { kind: "recommended" }> | { kind: "latest" }, after: FeedPosition | null, reading: Reading, now: Date): Promise<ClipPage> {
  const rows = await listFeedEntries({ feeds: [feedKey(feed, reading.locale)], after, limit: CLIPS_PER_PAGE + 1 });
  const shown = rows.slice(0, CLIPS_PER_PAGE);
  const last = shown.at(-1);
  return {
    items: await toClips(shown.map((row) => row.postId), reading, now),
    nextCursor: rows.length > CLIPS_PER_PAGE && last ? encodePosition(last) : null,
  };
}

function feedKey(feed: ClipFeedName, locale: Locale): string {
  return feed.kind === "topic" ? clipTopicFeed(feed.id, locale) : clipFeed(locale);
}

/** What stands beside a clip: its words, what is said in it, one page of comments. */
export interface ClipWords {
  postId: string;
  title: string;
  lang: Locale;
  html: string;
  /** Empty while it has no captions. */
  transcript: string;
  authorId: string;
  topics: { slug: string; name: string }[];
  declarations: Post["declarations"];
  publishedAt: string;
  editedAt: string | null;
  revision: number;
  viewCount: number;
  commentCount: number;
  commentPolicy: Post["commentPolicy"];
  state: Post["state"];
  /** Where its file stands, while the clip waits for it; null once it is before readers. */
  standing: ClipStanding | null;
  mine: boolean;
  comments: CommentsPage;
}

/** What the author of a clip that waits is told of its file. */
export interface ClipStanding {
  assetId: string;
  /** "gone": the upload was broken off, or ran out of time. */
  state: VisibleState | "gone";
  /** Why it was refused. */
  reason: RejectReason | null;
  /** It failed on our side and can be tried again. */
  retryable: boolean;
}

export interface ClipStart {
  clip: ClipView;
  words: ClipWords;
  /** What follows this clip in the feed it was opened from. */
  next: ClipPage;
  /** The clip before it there, for the way back without scripts. */
  previousId: string | null;
}

/** How the comments are read: an order by name, and a cursor. Both as they stand in the address. */
interface CommentAsk {
  sort: string | null;
  cursor: string | null;
}

/** A clip for its own page, with what follows. Waiting and held ones are their author's alone; deleted and removed ones are GONE. */
export async function readClip({ postId, feed, sort, cursor, ...reading }: Reading & CommentAsk & { postId: string; feed: ClipFeedName }, now: Date): Promise<ClipStart> {
  const post = await requireClip(postId, reading.viewerId);
  const [[clip], words, around] = await Promise.all([
    toViews([post], reading, now),
    toWords(post, { ...reading, sort, cursor }, now),
    readAround(post, feed, reading, now),
  ]);
  if (!clip) throw new NotFound(`author of ${postId}`);
  return { clip, words, ...around };
}

/** The same words for a clip that was reached by moving on. */
export async function readClipPanel({ postId, ...reading }: Reading & CommentAsk & { postId: string }, now: Date): Promise<ClipWords> {
  return toWords(await requireClip(postId, reading.viewerId), reading, now);
}

async function toWords(post: ClipPost, { locale, viewerId, sort, cursor }: Reading & CommentAsk, now: Date): Promise<ClipWords> {
  const [asset, topics, comments] = await Promise.all([
    getAsset(post.clip.assetId),
    listTopics(locale, now),
    readComments({ postId: post._id, viewerId, sort: parseSort(sort), cursor }),
  ]);
  const names = new Map(topics.map((topic) => [topic.slug, topic.name]));
  return {
    postId: post._id,
    title: post.title,
    lang: post.lang,
    html: post.html,
    transcript: asset?.transcript ?? "",
    authorId: post.authorId,
    topics: post.topics.map((slug) => ({ slug, name: names.get(slug) ?? slug })),
    declarations: post.declarations,
    publishedAt: post.publishedAt.toISOString(),
    editedAt: post.editedAt?.toISOString() ?? null,
    revision: post.revision,
    viewCount: post.viewCount,
    commentCount: post.commentCount,
    commentPolicy: post.commentPolicy,
    state: post.state,
    standing: post.state === "waiting" ? standingOf(post.clip.assetId, asset) : null,
    mine: post.authorId === viewerId,
    comments,
  };
}

type ClipPost = Post & { clip: NonNullable<Post["clip"]> };

async function requireClip(postId: string, viewerId: string | null): Promise<ClipPost> {
  const post = await getPost(postId);
  if (post?.state === "deleted" || post?.state === "removed") throw new ClipGone(postId);
  if (!post?.clip) throw new NotFound(`clip ${postId}`);
  if (post.state === "published" || post.authorId === viewerId) return post as ClipPost;
  if (await isTakenDown(post)) throw new ClipGone(postId);
  throw new NotFound(`clip ${postId}`);
}

/** An operator removed the video: whoever has the address is told so, as its files are (410). Its author keeps the words. */
export async function isTakenDown({ state, clip }: Pick<Post, "state" | "clip">): Promise<boolean> {
  return state === "waiting" && Boolean(clip) && (await getAsset(clip?.assetId ?? ""))?.state === "removed";
}

function standingOf(assetId: string, asset: MediaAsset | null): ClipStanding {
  if (!asset) return { assetId, state: "gone", reason: null, retryable: false };
  return { assetId, state: visibleState(asset), reason: asset.reason, retryable: isRetryable(asset) };
}

/** Neighbours of a clip. One that stands outside its feed (too old to be ranked, waiting) leads to the feed's beginning. */
async function readAround(post: ClipPost, feed: ClipFeedName, reading: Reading, now: Date): Promise<Pick<ClipStart, "next" | "previousId">> {
  if (feed.kind !== "recommended") {
    const key = feedKey(feed, reading.locale);
    const position = { publishedAt: post.publishedAt, postId: post._id };
    const [next, newer] = await Promise.all([readRows(feed, position, reading, now), getNewerEntry(key, position)]);
    return { next, previousId: newer?.postId ?? null };
  }
  const ranking = await currentRanking("clips", reading.locale, now);
  const place = ranking.items.findIndex((item) => item.postId === post._id);
  const next = await readRanked(ranking, place + 1, reading, now);
  return { next: { ...next, items: next.items.filter((item) => item.id !== post._id) }, previousId: ranking.items[place - 1]?.postId ?? null };
}

/** Clips in the order of the ids; what is gone meanwhile, or no clip, is left out. */
async function toClips(postIds: string[], reading: Reading, now: Date): Promise<ClipView[]> {
  const cards = await listPostCards(postIds);
  return toViews(postIds.flatMap((id) => cards.get(id) ?? []), reading, now);
}

async function toViews(posts: PostCardFields[], { locale, viewerId }: Reading, now: Date): Promise<ClipView[]> {
  const ids = posts.map((post) => post._id);
  const [authors, topics, liked, saved, follows] = await Promise.all([
    listMembersByIds([...new Set(posts.map((post) => post.authorId))]),
    listTopics(locale, now),
    viewerId ? listLiked(viewerId, "post", ids) : new Set<string>(),
    viewerId ? listSaved(viewerId, ids) : new Set<string>(),
    viewerId ? listFollows(viewerId) : [],
  ]);
  const topicNames = new Map(topics.map((topic) => [topic.slug, topic.name]));
  const followed = new Set(follows.filter(({ kind }) => kind === "member").map(({ targetId }) => targetId));
  return posts.flatMap((post): ClipView[] => {
    const author = authors.get(post.authorId);
    if (!author || !post.clip) return [];
    const slug = post.topics[0];
    return [
      {
        id: post._id,
        title: post.title,
        excerpt: post.excerpt,
        lang: post.lang,
        author: { id: author._id, handle: author.handle, displayName: author.displayName, tier: author.tier, followed: followed.has(author._id) },
        topic: slug ? { slug, name: topicNames.get(slug) ?? slug } : null,
        declarations: post.declarations.filter((declaration) => declaration !== "opinion"),
        // Files of what is not published open for nobody but its author, who got here by requireClip.
        media: post.state === "published" ? toClipMedia(post.clip) : toClipMedia(post.clip, signedMediaBase(post.clip.assetId, now)),
        publishedAt: post.publishedAt.toISOString(),
        likeCount: post.likeCount,
        saveCount: post.saveCount,
        commentCount: post.commentCount,
        liked: liked.has(post._id),
        saved: saved.has(post._id),
        mine: post.authorId === viewerId,
        reason: null,
      },
    ];
  });
}

export interface ClipTopic {
  slug: string;
  name: string;
  about: string;
}

/** Topics that have a clip in this language, in the editors' order. */
export async function listClipTopics(locale: Locale, now: Date): Promise<ClipTopic[]> {
  const topics = await listTopics(locale, now);
  const newest = await Promise.all(topics.map(({ slug }) => listFeedEntries({ feeds: [clipTopicFeed(slug, locale)], after: null, limit: 1 })));
  return topics.filter((_, index) => (newest[index]?.length ?? 0) > 0).map(({ slug, name, about }) => ({ slug, name, about }));
}
