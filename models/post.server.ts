import { Conflict, DomainError, NotFound } from "./errors";
import { defineCollection, findRow, findRows } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Post: what a member wrote, in the form it is read.
 * Guarantees: (1) `html` is always made from `body` by the one renderer, never taken from a client; (2) `revision`
 * grows by one with each edit and an edit states the revision it saw; (3) counters change only by `$inc` in the
 * transaction that writes the like, save or comment counted; (4) a deleted post keeps its words for 30 days.
 * Writers: this file only. Feeds are rows of their own (feed-entry.server.ts).
 */
/** A clip is "waiting" until its smallest size can be played: its words are kept, nobody else sees it. */
export const POST_STATES = ["waiting", "published", "held", "deleted", "removed"] as const;
export type PostState = (typeof POST_STATES)[number];
export const COMMENT_POLICIES = ["open", "held", "closed"] as const;
export type CommentPolicy = (typeof COMMENT_POLICIES)[number];
export const DECLARATIONS = ["opinion", "position", "paid", "ai"] as const;
export type Declaration = (typeof DECLARATIONS)[number];

/** Days during which the author can take a deletion back. */
export const RESTORE_DAYS = 30;

export interface PollOption {
  id: string;
  text: string;
  votes: number;
}

export interface Poll {
  question: string;
  multiple: boolean;
  closesAt: Date;
  options: PollOption[];
  /** Members who voted; with several choices this is less than the sum of votes. */
  voters: number;
}

/** The first chart of the post as small numbers, drawn again as the feed picture. */
export interface ChartPicture {
  type: "line" | "bar";
  series: number[][];
}

/**
 * The clip of a post as lists and players need it: a copy of what stands with the asset (media-asset.server.ts), made
 * anew by app/services/clips-settle.server.ts whenever the asset moves on. Files lie under /m/<assetId>/.
 */
export interface PostClip {
  assetId: string;
  width: number;
  height: number;
  durationSec: number;
  hasAudio: boolean;
  /** Base64. */
  thumbhash: string | null;
  /** Widths of poster-<width>.jpg and .webp. */
  posters: number[];
  /** Newest master playlist; null while only the first file is there. */
  manifest: string | null;
  /** Whole files with the index in front, smallest first. */
  mp4: { name: string; width: number; height: number; bytes: number }[];
  storyboard: boolean;
  preview: boolean;
  captions: { lang: "zh-CN" | "en"; file: string }[];
  noSpeech: boolean;
  /** False while it has neither captions nor the word that nothing is spoken: then only its author's page lists it. */
  listed: boolean;
}

/** The first picture of a post, for lists and share cards. Files: /m/<assetId>/<name>.<format>. */
export interface PostPicture {
  assetId: string;
  alt: string;
  width: number;
  height: number;
  thumbhash: string | null;
  /** Smallest first. A size is named after the width it fills at most: a picture of 800 ends with 1080, 800 wide. */
  sizes: { name: number; width: number }[];
}

export interface Post {
  _id: string;
  authorId: string;
  lang: "zh-CN" | "en";
  title: string;
  body: string;
  html: string;
  excerpt: string;
  topics: string[];
  tickers: string[];
  mentions: string[];
  declarations: Declaration[];
  /** Instrument ids the author declares to hold; shown beside the "position" declaration. */
  holds: string[];
  chart: ChartPicture | null;
  /** Set when the post is a short video; `body` then describes it. */
  clip: PostClip | null;
  picture: PostPicture | null;
  /** Every picture of the body, and the clip: readers may fetch them exactly while the post is published. */
  assetIds: string[];
  readMinutes: number;
  poll: Poll | null;
  commentPolicy: CommentPolicy;
  state: PostState;
  revision: number;
  editCount: number;
  editedAt: Date | null;
  publishedAt: Date;
  deletedAt: Date | null;
  likeCount: number;
  saveCount: number;
  commentCount: number;
  viewCount: number;
  editorsChoice: boolean;
}

/** What a feed row needs: everything but the words of the body. */
export type PostCardFields = Omit<Post, "body" | "html" | "mentions">;
export type PostCount = "likeCount" | "saveCount" | "commentCount" | "viewCount";

export class PostGone extends DomainError {
  constructor(postId: string) {
    super("GONE", `post ${postId} was deleted or removed`, { messageKey: "errors.postGone" });
  }
}

/** The same of a clip, which is called by another word. */
export class ClipGone extends DomainError {
  constructor(postId: string) {
    super("GONE", `clip ${postId} was deleted or removed`, { messageKey: "media.clipGone" });
  }
}

const count = { type: Number, required: true, default: 0 };

const Posts = defineCollection<Post>(
  {
    name: "posts",
    shardKey: { _id: "hashed" },
    why: "a page reads one post by id; feed rows bring the ids of a list",
    // For the daily sweep alone; no page asks by it.
    indexes: [{ fields: { deletedAt: 1 }, options: { partialFilterExpression: { state: "deleted" } } }],
  },
  {
    authorId: { type: String, required: true },
    lang: { type: String, required: true },
    title: { type: String, required: true },
    body: { type: String, default: "" },
    html: { type: String, default: "" },
    excerpt: { type: String, default: "" },
    topics: { type: [String], default: [] },
    tickers: { type: [String], default: [] },
    mentions: { type: [String], default: [] },
    declarations: { type: [String], default: [] },
    holds: { type: [String], default: [] },
    chart: { type: Object, default: null },
    clip: { type: Object, default: null },
    picture: { type: Object, default: null },
    assetIds: { type: [String], default: [] },
    readMinutes: { type: Number, required: true },
    poll: { type: Object, default: null },
    commentPolicy: { type: String, enum: COMMENT_POLICIES, default: "open" },
    state: { type: String, enum: POST_STATES, required: true },
    revision: { type: Number, default: 1 },
    editCount: count,
    editedAt: { type: Date, default: null },
    publishedAt: { type: Date, required: true },
    deletedAt: { type: Date, default: null },
    likeCount: count,
    saveCount: count,
    commentCount: count,
    viewCount: count,
    editorsChoice: { type: Boolean, default: false },
  },
);

export async function insertPost(post: Post, tx?: Tx): Promise<void> {
  await Posts.create([post], tx ? { session: tx } : {});
}

/** Bulk insert for the seed script; posts are complete documents. */
export async function insertPosts(posts: Post[]): Promise<void> {
  await Posts.insertMany(posts, { ordered: true });
}

export async function getPost(postId: string, tx?: Tx): Promise<Post | null> {
  return findRow(Posts, { _id: postId }, { tx });
}

/** A post that everybody may see; deleted or removed is GONE, held, waiting or unknown is NOT_FOUND. */
export async function requireVisiblePost(postId: string, tx?: Tx): Promise<Post> {
  const post = await getPost(postId, tx);
  if (!post || post.state === "held" || post.state === "waiting") throw new NotFound(`post ${postId}`);
  if (post.state !== "published") throw new PostGone(postId);
  return post;
}

/** The author's own post in any state; a stranger's id finds nothing. */
export async function requireOwnPost(postId: string, authorId: string, tx?: Tx): Promise<Post> {
  const post = await Posts.findOne({ _id: postId, authorId }, null, tx ? { session: tx } : {}).lean<Post>();
  if (!post || post.state === "removed") throw new NotFound(`post ${postId} of ${authorId}`);
  return post;
}

/** Cards of visible posts, keyed by id; ids that are gone are simply absent. At most 100 ids. */
export async function listPostCards(postIds: string[]): Promise<Map<string, PostCardFields>> {
  if (postIds.length === 0) return new Map();
  const ids = postIds.slice(0, 100);
  const rows = await findRows<Post, PostCardFields>(Posts, { _id: { $in: ids } }, { projection: { body: 0, html: 0, mentions: 0 }, limit: ids.length });
  return new Map(rows.filter((row) => row.state === "published").map((row) => [row._id, row]));
}

export type RankSignals = Pick<
  Post,
  "_id" | "authorId" | "state" | "topics" | "publishedAt" | "likeCount" | "saveCount" | "commentCount" | "viewCount" | "editorsChoice"
> & { clip?: Pick<PostClip, "captions"> | null };

/** The stored signals that ranking reads. At most 1,000 ids. */
export async function listRankSignals(postIds: string[]): Promise<RankSignals[]> {
  return Posts.find(
    { _id: { $in: postIds.slice(0, 1_000) } },
    { authorId: 1, state: 1, topics: 1, publishedAt: 1, likeCount: 1, saveCount: 1, commentCount: 1, viewCount: 1, editorsChoice: 1, "clip.captions": 1 },
  ).lean<RankSignals[]>();
}

export type PostEdit = Pick<
  Post,
  "title" | "body" | "html" | "excerpt" | "topics" | "tickers" | "mentions" | "declarations" | "holds" | "chart" | "picture" | "assetIds" | "readMinutes"
>;

/** Writes an edit made on `revision`; somebody else's edit in between is a CONFLICT and nothing changes. */
export async function revisePost(
  { postId, authorId, revision, edit }: { postId: string; authorId: string; revision: number; edit: PostEdit },
  now: Date,
  tx: Tx,
): Promise<void> {
  const written = await Posts.updateOne(
    { _id: postId, authorId, revision, state: { $in: ["waiting", "published", "held"] } },
    { $set: { ...edit, editedAt: now }, $inc: { revision: 1, editCount: 1 } },
    { session: tx },
  );
  if (written.matchedCount === 0) throw new Conflict(`post ${postId} moved past revision ${revision}`, { messageKey: "errors.editConflict" });
}

/** Copies what the asset has become; the words and their revision stay as they are. */
export async function setPostMedia(postId: string, media: Partial<Pick<Post, "clip" | "picture" | "html" | "assetIds">>, tx: Tx): Promise<void> {
  await Posts.updateOne({ _id: postId }, { $set: media }, { session: tx });
}

/** A clip that waited stands from now on; false when it was not waiting. */
export async function publishWaitingPost(postId: string, now: Date, tx: Tx): Promise<boolean> {
  const written = await Posts.updateOne({ _id: postId, state: "waiting" }, { $set: { state: "published", publishedAt: now } }, { session: tx });
  return written.modifiedCount === 1;
}

/** Moves a post from one of `from` to `to`; false when it was in none of them (a retry is then harmless). */
export async function setPostState(
  { postId, from, to }: { postId: string; from: PostState[]; to: PostState },
  now: Date,
  tx: Tx,
): Promise<boolean> {
  const written = await Posts.updateOne(
    { _id: postId, state: { $in: from } },
    { $set: { state: to, deletedAt: to === "deleted" ? now : null } },
    { session: tx },
  );
  return written.modifiedCount === 1;
}

export async function setPostCommentPolicy(
  { postId, authorId, policy }: { postId: string; authorId: string; policy: CommentPolicy },
  tx: Tx,
): Promise<void> {
  const written = await Posts.updateOne({ _id: postId, authorId }, { $set: { commentPolicy: policy } }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound(`post ${postId} of ${authorId}`);
}

/** Adds to one counter and returns its new value. */
export async function changePostCount(postId: string, field: PostCount, delta: number, tx: Tx): Promise<number> {
  const post = await Posts.findOneAndUpdate(
    { _id: postId },
    { $inc: { [field]: delta } },
    { session: tx, new: true, projection: { [field]: 1 } },
  ).lean<Partial<Pick<Post, PostCount>>>();
  if (!post) throw new NotFound(`post ${postId}`);
  return post[field] ?? 0;
}

/** Moves votes of a poll: +1 and −1 per option id, and the number of voters. */
export async function changePollVotes(
  { postId, options, voters }: { postId: string; options: { id: string; delta: 1 | -1 }[]; voters: -1 | 0 | 1 },
  tx: Tx,
): Promise<void> {
  for (const { id, delta } of options) {
    await Posts.updateOne(
      { _id: postId },
      { $inc: { "poll.options.$[option].votes": delta } },
      { session: tx, arrayFilters: [{ "option.id": id }] },
    );
  }
  if (voters !== 0) await Posts.updateOne({ _id: postId }, { $inc: { "poll.voters": voters } }, { session: tx });
}

/** Posts whose time for taking the deletion back is over. For the sweep, which asks every shard. */
export async function listPostsToClear(deletedBefore: Date, limit: number): Promise<Pick<Post, "_id" | "authorId" | "deletedAt" | "assetIds">[]> {
  return Posts.find({ state: "deleted", deletedAt: { $lt: deletedBefore } }, { authorId: 1, deletedAt: 1, assetIds: 1 })
    .sort({ deletedAt: 1 })
    .limit(limit)
    .lean<Pick<Post, "_id" | "authorId" | "deletedAt" | "assetIds">[]>();
}

/** Clears the words of a post that is still deleted; false when its author brought it back meanwhile. */
export async function clearDeletedPost(postId: string, deletedBefore: Date, tx: Tx): Promise<boolean> {
  const written = await Posts.updateOne(
    { _id: postId, state: "deleted", deletedAt: { $lt: deletedBefore } },
    { $set: { state: "removed", title: "", body: "", html: "", excerpt: "", chart: null, clip: null, picture: null, poll: null } },
    { session: tx },
  );
  return written.modifiedCount === 1;
}
