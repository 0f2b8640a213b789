import { Avatar } from "~/components/ui/Avatar";
import { Icon } from "~/components/ui/Icon";
import { PlainLink } from "~/components/ui/PlainLink";
import { Time } from "~/components/ui/Time";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";
import type { PostView } from "~/services/posts-read.server";
import { FollowButton } from "./FollowButton";
import { LikeButton } from "./LikeButton";
import { PollCard } from "./PollCard";
import { SaveButton } from "./SaveButton";
import { ShareButton } from "./ShareButton";

/** The plain view of the service: a type alone, which the build erases. */
export type ArticleData = PostView;

/** A post as it is read: head, declarations, the words, poll, topics. */
export function Article({ post }: { post: ArticleData }) {
  const t = useT();
  return (
    <article>
      <header className="art-head">
        <h1 lang={post.lang}>{post.title}</h1>
        <AuthorLine post={post} />
        {post.state === "held" ? <p className="note warn">{t("post.held")}</p> : null}
        <Declarations post={post} />
      </header>
      <div className="read" lang={post.lang} dangerouslySetInnerHTML={{ __html: post.html }} />
      {post.poll ? <PollCard postId={post.id} poll={post.poll} lang={post.lang} /> : null}
      <footer className="art-foot">
        {post.topics.map((topic) => (
          <PlainLink key={topic.slug} className="chip act" to={`/topics/${topic.slug}`}>
            {topic.name}
          </PlainLink>
        ))}
        {post.tickers.map((ticker) => (
          <PlainLink key={ticker.id} className="chip" to={`/tickers/${ticker.id}`}>
            {ticker.name} <span className="num">{ticker.id}</span>
          </PlainLink>
        ))}
        <PostTools post={post} />
      </footer>
    </article>
  );
}

function AuthorLine({ post }: { post: ArticleData }) {
  const t = useT();
  const locale = useLocale();
  const path = `/members/${post.author.handle}`;
  return (
    <div className="author">
      <Avatar name={post.author.displayName} size="l" />
      <div>
        <PlainLink to={path}>
          <b>{post.author.displayName}</b>
        </PlainLink>{" "}
        <span className="chip act">{t(`profile.tier.${post.author.tier}`)}</span>
        <div className="meta">
          <Time iso={post.publishedAt} />
          {post.editCount > 0 ? (
            <>
              {" · "}
              <PlainLink className="link" to={`/posts/${post.id}/history`} rel="nofollow">
                {t("post.editedTimes", { count: post.editCount })}
              </PlainLink>
            </>
          ) : null}
          {" · "}
          {t("post.readMinutes", { count: post.readMinutes })}
          {" · "}
          {t("post.views", { count: post.viewCount, shown: formatCount(post.viewCount, locale) })}
        </div>
      </div>
      {post.mine ? null : <FollowButton kind="member" id={post.author.id} path={path} name={post.author.displayName} followed={post.author.followed} />}
    </div>
  );
}

function Declarations({ post }: { post: ArticleData }) {
  const t = useT();
  if (post.declarations.length === 0) return null;
  return (
    <div className="declare">
      {post.declarations.map((declaration) => (
        <span key={declaration} className={declaration === "opinion" ? "chip" : "chip warn"}>
          {declaration === "opinion" ? t("post.declared", { what: t("post.declaration.opinion") }) : t(`post.declaration.${declaration}`)}
          {declaration === "position" && post.holds.length > 0 ? `: ${post.holds.map((held) => held.name).join(" ")}` : ""}
        </span>
      ))}
    </div>
  );
}

function PostTools({ post }: { post: ArticleData }) {
  const t = useT();
  return post.mine ? (
    <PlainLink className="act-btn" to={`/posts/${post.id}/edit`} rel="nofollow">
      <Icon name="edit" />
      {t("post.edit")}
    </PlainLink>
  ) : (
    <PlainLink className="act-btn" to={`/report/post/${post.id}`} rel="nofollow">
      <Icon name="flag" />
      {t("post.report")}
    </PlainLink>
  );
}

/** What the thumb needs while reading, above the bottom bar. */
export function ActionBar({ post, url }: { post: ArticleData; url: string }) {
  const t = useT();
  return (
    <div className="bar">
      <a className="say" href="#say">
        {t("post.saySomething")}
      </a>
      <LikeButton postId={post.id} liked={post.liked} likeCount={post.likeCount} />
      <SaveButton postId={post.id} saved={post.saved} saveCount={post.saveCount} counted />
      <ShareButton postId={post.id} title={post.title} url={url} />
    </div>
  );
}
