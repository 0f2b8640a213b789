import { GatedForm } from "~/components/ui/GatedForm";
import { Icon } from "~/components/ui/Icon";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";

export interface LikeState {
  liked: boolean;
  likeCount: number;
}

/** Likes a post or one of its comments. The heart follows what is stored, never what is hoped for. */
export function LikeButton({ postId, commentId, liked, likeCount, label }: LikeState & { postId: string; commentId?: string; label?: boolean }) {
  const t = useT();
  const locale = useLocale();
  const action = commentId ? `/posts/${postId}/comments/${commentId}/like` : `/posts/${postId}/like`;
  const gate = {
    act: "like" as const,
    targetKind: commentId ? ("comment" as const) : ("post" as const),
    targetId: commentId ?? postId,
    postId,
  };
  return (
    <GatedForm<LikeState> action={action} fields={{}} gate={gate}>
      {({ busy, data }) => {
        const shown = data && typeof data.liked === "boolean" ? data : { liked, likeCount };
        return (
          <button
            className="act-btn"
            name="liked"
            value={String(!shown.liked)}
            aria-pressed={shown.liked}
            aria-busy={busy}
            aria-label={t(shown.liked ? "post.unlikeWithCount" : "post.likeWithCount", { count: shown.likeCount })}
          >
            <Icon name="like" />
            {label ? t("post.like") : null} <span className="num">{formatCount(shown.likeCount, locale)}</span>
          </button>
        );
      }}
    </GatedForm>
  );
}
