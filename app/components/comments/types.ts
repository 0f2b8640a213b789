/** The plain view of a comment, restated for the browser (app/services/comments-read.server.ts). */
export interface CommentViewData {
  id: string;
  postId: string;
  parentId: string | null;
  author: { id: string; handle: string; displayName: string; tier: number };
  replyTo: { handle: string; displayName: string } | null;
  html: string;
  state: "published" | "held" | "deleted" | "removed";
  createdAt: string;
  editedAt: string | null;
  likeCount: number;
  replyCount: number;
  liked: boolean;
  mine: boolean;
  replies: CommentViewData[];
}
