import type { Post } from "@models/post.server";

/** Pages on which a post can be seen; see X-Page-Tags in app/http/feed-loader.server.ts. */
export function tagsOfPost(post: Pick<Post, "_id" | "authorId" | "lang" | "topics" | "tickers" | "clip">): string[] {
  return [
    `post:${post._id}`,
    `member:${post.authorId}`,
    `feed:author:${post.authorId}`,
    `feed:latest:${post.lang}`,
    ...(post.clip ? [`feed:clips:${post.lang}`] : []),
    ...post.topics.map((slug) => `feed:topic:${slug}:${post.lang}`),
    ...post.tickers.map((id) => `feed:ticker:${id}`),
  ];
}
