import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import { LikeButton } from "~/components/posts/LikeButton";
import { Avatar } from "~/components/ui/Avatar";
import { Time } from "~/components/ui/Time";
import { useT } from "~/i18n/react";
import type { CommentViewData } from "./types";

export interface CommentSlots {
  /** Id of the post's author, who is marked as such. */
  authorId: string;
  postLang: string;
  focusId?: string;
  /** Shows the composer under a comment, already open on the right target. */
  composer?: (comment: CommentViewData) => ReactNode;
}

export function CommentItem({ comment, slots, allReplies }: { comment: CommentViewData; slots: CommentSlots; allReplies?: boolean }) {
  const t = useT();
  const path = `/posts/${comment.postId}/comments/${comment.id}`;
  const hidden = comment.replyCount - comment.replies.length;
  return (
    <article className={comment.id === slots.focusId ? "cm focus" : "cm"} id={`c-${comment.id}`}>
      <Avatar name={comment.author.displayName} />
      <div>
        <div className="meta who">
          <Link to={`/members/${comment.author.handle}`} prefetch="none">
            <b>{comment.author.displayName}</b>
          </Link>
          {comment.author.id === slots.authorId ? <> · {t("post.isAuthor")}</> : null}
          {comment.replyTo ? <> · {t("post.repliesTo", { name: comment.replyTo.displayName })}</> : null}
          {" · "}
          <Link to={path} prefetch="none" rel="nofollow">
            <Time iso={comment.createdAt} />
          </Link>
          {comment.editedAt ? <> · {t("post.edited")}</> : null}
        </div>
        <CommentBody comment={comment} lang={slots.postLang} />
        {comment.state === "published" ? (
          <div className="acts">
            <LikeButton postId={comment.postId} commentId={comment.id} liked={comment.liked} likeCount={comment.likeCount} label />
            <Link className="act-btn" to={`${path}?reply=${comment.id}#reply`} prefetch="none" rel="nofollow">
              {t("post.reply")}
            </Link>
            {comment.mine ? (
              <Link className="act-btn" to={`${path}/edit`} prefetch="none" rel="nofollow">
                {t("post.edit")}
              </Link>
            ) : (
              <Link className="act-btn" to={`/report/comment/${comment.id}?postId=${comment.postId}`} prefetch="none" rel="nofollow">
                {t("post.report")}
              </Link>
            )}
          </div>
        ) : null}
        {slots.composer?.(comment)}
        {comment.replies.length > 0 ? (
          <div className="cm-replies">
            {comment.replies.map((reply) => (
              <CommentItem key={reply.id} comment={reply} slots={slots} allReplies />
            ))}
          </div>
        ) : null}
        {!allReplies && hidden > 0 ? (
          <p>
            <Link className="act-btn link" to={path} prefetch="none" rel="nofollow">
              {t("post.moreReplies", { count: hidden })}
            </Link>
          </p>
        ) : null}
      </div>
    </article>
  );
}

/** The words, made by the one renderer on the server; or what stands in their place. */
function CommentBody({ comment, lang }: { comment: CommentViewData; lang: string }) {
  const t = useT();
  if (comment.state === "deleted") return <p className="body gone">{t(comment.mine ? "post.commentDeletedMine" : "post.commentDeleted")}</p>;
  if (comment.state === "removed") return <p className="body gone">{t("post.commentRemoved")}</p>;
  return (
    <>
      {comment.state === "held" ? <p className="hint">{t("post.commentHeld")}</p> : null}
      <div className="body" lang={lang} dangerouslySetInnerHTML={{ __html: comment.html }} />
    </>
  );
}
