import type { FeedPage, PostCard } from "~/services/feeds.server";

/** The plain views of the services as the lists take them: types alone, which the build erases. */
export type PostCardView = PostCard;
export type FeedPageView = FeedPage;
export type ReasonView = NonNullable<PostCard["reason"]>;
export type { TopicLink } from "~/services/topics.server";
