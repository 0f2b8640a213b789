import { CommentSection } from "~/components/comments/CommentSection";
import { CommentComposer, type CommentComposerProps } from "~/components/compose/CommentComposer";
import { PlainLink } from "~/components/ui/PlainLink";
import { Time } from "~/components/ui/Time";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";
import { standingText } from "./ClipStanding";
import type { ClipWordsData } from "./types";

export interface ClipWordsProps {
  words: ClipWordsData;
  resumedText: CommentComposerProps["resumedText"];
}

/** Description, transcript and comments. A clip's own page brings it along; a feed fetches it when the panel is opened first. */
export function ClipWords({ words, resumedText }: ClipWordsProps) {
  const t = useT();
  const locale = useLocale();
  return (
    <>
      {words.state === "published" ? null : <p className="note warn">{words.standing ? standingText(t, words.standing) : t("post.held")}</p>}
      <h3 lang={words.lang}>{words.title}</h3>
      <p className="meta">
        <Time iso={words.publishedAt} /> · {t("clips.views", { count: words.viewCount, shown: formatCount(words.viewCount, locale) })}
      </p>
      {words.html ? <div className="read" lang={words.lang} dangerouslySetInnerHTML={{ __html: words.html }} /> : null}
      <p className="clip-links">
        {words.topics.map((topic) => (
          <PlainLink key={topic.slug} className="chip act" to={`/clips/topics/${topic.slug}`}>
            {topic.name}
          </PlainLink>
        ))}
        {words.declarations.map((declaration) => (
          <span key={declaration} className={declaration === "opinion" ? "chip" : "chip warn"}>
            {t(`post.declaration.${declaration}`)}
          </span>
        ))}
        {words.mine ? (
          <PlainLink className="link" to={`/posts/${words.postId}/edit`} rel="nofollow">
            {t("post.edit")}
          </PlainLink>
        ) : (
          <PlainLink className="link" to={`/report/post/${words.postId}`} rel="nofollow">
            {t("post.report")}
          </PlainLink>
        )}
      </p>
      {words.transcript ? (
        <details className="clip-transcript">
          <summary>{t("clips.transcript")}</summary>
          <p lang={words.lang}>{words.transcript}</p>
        </details>
      ) : (
        <p className="meta">{t("clips.noTranscript")}</p>
      )}
      <CommentSection
        postId={words.postId}
        count={words.commentCount}
        page={words.comments}
        slots={{ authorId: words.authorId, postLang: words.lang }}
        composer={<CommentComposer key={words.postId} postId={words.postId} policy={words.commentPolicy} mine={words.mine} resumedText={resumedText} />}
      />
    </>
  );
}
