import type { ReactNode } from "react";
import { PlainLink } from "~/components/ui/PlainLink";
import { useT } from "~/i18n/react";
import { CommentItem, type CommentSlots } from "./CommentItem";
import type { CommentViewData } from "./types";

const SORTS = ["helpful", "newest", "oldest", "discussed"] as const;

/** Comments of a post: count, the four orders, the composer, one page of threads and the way to the next. */
export function CommentSection({ postId, count, page, slots, composer }: {
  postId: string;
  count: number;
  page: { items: CommentViewData[]; sort: string; nextCursor: string | null };
  slots: CommentSlots;
  composer: ReactNode;
}) {
  const t = useT();
  const address = (params: Record<string, string>) => `/posts/${postId}?${new URLSearchParams(params)}#comments`;
  return (
    <section aria-labelledby="comments">
      <div className="cm-head">
        <h2 id="comments" tabIndex={-1}>
          {t("post.comments", { count })}
        </h2>
        {count > 1 ? (
          <nav className="sorts" aria-label={t("post.sortComments")}>
            {SORTS.map((sort) => (
              <PlainLink
                key={sort}
                to={address({ sort })}
                rel="nofollow"
                keepScroll
                aria-current={page.sort === sort ? "true" : undefined}
              >
                {t(`post.sort.${sort}`)}
              </PlainLink>
            ))}
          </nav>
        ) : null}
      </div>
      {composer}
      {page.items.map((comment) => (
        <CommentItem key={comment.id} comment={comment} slots={slots} />
      ))}
      {count === 0 && page.items.length === 0 ? <p className="meta empty">{t("post.noComments")}</p> : null}
      {page.nextCursor ? (
        <div className="more">
          <PlainLink className="btn" to={address({ sort: page.sort, cursor: page.nextCursor })} rel="nofollow">
            {t("post.moreComments")}
          </PlainLink>
        </div>
      ) : null}
    </section>
  );
}
