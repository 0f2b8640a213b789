import type { ReactNode } from "react";
import { LikeButton } from "~/components/posts/LikeButton";
import { Avatar } from "~/components/ui/Avatar";
import { PlainLink } from "~/components/ui/PlainLink";
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
          <PlainLink to={`/members/${comment.author.handle}`}>
            <b>{comment.author.displayName}</b>
          </PlainLink>
          {comment.author.id === slots.authorId ? <> · {t("post.isAuthor")}</> : null}
          {comment.replyTo ? <> · {t("post.repliesTo", { name: comment.replyTo.displayName })}</> : null}
          {" · "}
          <PlainLink to={path} rel="nofollow">
            <Time iso={comment.createdAt} />
          </PlainLink>
          {comment.editedAt ? <> · {t("post.edited")}</> : null}
        </div>
        <CommentBody comment={comment} lang={slots.postLang} />
        {comment.state === "published" ? (
          <div className="acts">
            <LikeButton postId={comment.postId} commentId={comment.id} liked={comment.liked} likeCount={comment.likeCount} label />
            <PlainLink className="act-btn" to={`${path}?reply=${comment.id}#reply`} rel="nofollow">
              {t("post.reply")}
            </PlainLink>
            {comment.mine ? (
              <PlainLink className="act-btn" to={`${path}/edit`} rel="nofollow">
                {t("post.edit")}
              </PlainLink>
            ) : (
              <PlainLink className="act-btn" to={`/report/comment/${comment.id}?postId=${comment.postId}`} rel="nofollow">
                {t("post.report")}
              </PlainLink>
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
            <PlainLink className="act-btn link" to={path} rel="nofollow">
              {t("post.moreReplies", { count: hidden })}
            </PlainLink>
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
