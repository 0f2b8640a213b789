import { Avatar } from "~/components/ui/Avatar";
import { Icon } from "~/components/ui/Icon";
import { PlainLink } from "~/components/ui/PlainLink";
import { Time } from "~/components/ui/Time";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";
import { ClipPicture, FeedPicture } from "./FeedPicture";
import { LikeButton } from "./LikeButton";
import { SaveButton } from "./SaveButton";
import type { PostCardView } from "./types";
import { Why } from "./Why";

/** One post in a list. The title's link covers the row; the controls stand above it. */
export function PostRow({ post, compact }: { post: PostCardView; compact?: boolean }) {
  const t = useT();
  const locale = useLocale();
  const path = `/${post.clip ? "clips" : "posts"}/${post.id}`;
  return (
    <article className="row">
      <div className="by">
        <PlainLink to={`/members/${post.author.handle}`}>
          <Avatar name={post.author.displayName} size="s" />
          <b>{post.author.displayName}</b>
        </PlainLink>
        <span>
          <Time iso={post.publishedAt} />
          {post.topic ? (
            <>
              {" · "}
              <PlainLink to={`/topics/${post.topic.slug}`}>
                {post.topic.name}
              </PlainLink>
            </>
          ) : null}
        </span>
        {post.declarations.map((declaration) => (
          <span key={declaration} className="chip">
            {t(`post.declaration.${declaration}`)}
          </span>
        ))}
      </div>
      <div lang={post.lang}>
        <h2>
          <PlainLink to={path}>
            {post.title}
          </PlainLink>
        </h2>
        {compact ? null : <p className="ex">{post.excerpt}</p>}
      </div>
      {post.clip && !compact ? <ClipPicture {...post.clip} /> : post.chart && !compact ? <FeedPicture chart={post.chart} /> : <span />}
      {compact ? null : (
        <div className="acts">
          <LikeButton postId={post.id} liked={post.liked} likeCount={post.likeCount} />
          <PlainLink className="act-btn" to={`${path}#comments`} aria-label={t("post.commentsWithCount", { count: post.commentCount })}>
            <Icon name="comment" />
            <span className="num">{formatCount(post.commentCount, locale)}</span>
          </PlainLink>
          <SaveButton postId={post.id} saved={post.saved} saveCount={post.saveCount} />
          {post.reason ? (
            <span className="why">
              <Why reason={post.reason} />
            </span>
          ) : null}
        </div>
      )}
    </article>
  );
}
