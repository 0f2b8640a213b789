import type { CommentView } from "~/services/comments-read.server";

/** The plain view of the service: a type alone, which the build erases. */
export type CommentViewData = CommentView;
