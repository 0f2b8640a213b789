import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";
import type { Post } from "./post.server";

/**
 * Post revision: what a post said before an edit. Written in the transaction of the edit and never changed; the post
 * itself holds the newest words. Readers may compare any two.
 */
export type RevisionWords = Pick<Post, "title" | "body" | "topics" | "declarations" | "holds">;

export interface PostRevision extends RevisionWords {
  _id: string;
  postId: string;
  revision: number;
  /** When these words were published: at first, or by the edit that brought them. */
  writtenAt: Date;
}

export const REVISIONS_MAX = 200;

const PostRevisions = defineCollection<PostRevision>(
  {
    name: "postRevisions",
    shardKey: { postId: 1 },
    why: "the history page reads the revisions of one post",
    indexes: [{ fields: { postId: 1, revision: -1 }, options: { unique: true } }],
  },
  {
    postId: { type: String, required: true },
    revision: { type: Number, required: true },
    title: { type: String, required: true },
    body: { type: String, default: "" },
    topics: { type: [String], default: [] },
    declarations: { type: [String], default: [] },
    holds: { type: [String], default: [] },
    writtenAt: { type: Date, required: true },
  },
);

/** Keeps the words that an edit is about to replace. */
export async function keepRevision(post: Post, tx: Tx): Promise<void> {
  const { _id: postId, revision, title, body, topics, declarations, holds } = post;
  await PostRevisions.create(
    [{ _id: `${postId}:${revision}`, postId, revision, title, body, topics, declarations, holds, writtenAt: post.editedAt ?? post.publishedAt }],
    { session: tx },
  );
}

export async function getRevision(postId: string, revision: number): Promise<PostRevision | null> {
  return PostRevisions.findOne({ postId, revision }).lean<PostRevision>();
}

/** Newest first, without the bodies. */
export async function listRevisions(postId: string): Promise<Pick<PostRevision, "revision" | "title" | "writtenAt">[]> {
  return PostRevisions.find({ postId }, { revision: 1, title: 1, writtenAt: 1 }).sort({ revision: -1 }).limit(REVISIONS_MAX).lean();
}

/** Removes the earlier versions of a post whose words are cleared. */
export async function removeRevisions(postId: string, tx: Tx): Promise<void> {
  await PostRevisions.deleteMany({ postId }, { session: tx });
}
