import { useRevalidator } from "@remix-run/react";
import { useCallback, useEffect, useRef, useState, type MouseEvent } from "react";
import { CommentSection } from "~/components/comments/CommentSection";
import type { CommentViewData } from "~/components/comments/types";
import { CommentComposer, type CommentComposerProps } from "~/components/compose/CommentComposer";
import { Icon } from "~/components/ui/Icon";
import { PlainLink } from "~/components/ui/PlainLink";
import { Time } from "~/components/ui/Time";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";

export interface ClipWordsData {
  postId: string;
  title: string;
  lang: string;
  html: string;
  transcript: string;
  authorId: string;
  topics: { slug: string; name: string }[];
  declarations: string[];
  publishedAt: string;
  viewCount: number;
  commentCount: number;
  commentPolicy: "open" | "held" | "closed";
  state: string;
  mine: boolean;
  comments: { items: CommentViewData[]; sort: string; nextCursor: string | null };
}

type Loading = { state: "idle" | "loading" } | { state: "failed"; sentence: string | null };
const TIMEOUT_MS = 10_000;

/** The words of the clip on the stage. The first clip brings its own; the others are asked for when the panel opens. */
function useWords(clipId: string | undefined, wanted: boolean, first: ClipWordsData | null) {
  const [words, setWords] = useState(first);
  const [loading, setLoading] = useState<Loading>({ state: "idle" });
  const revalidator = useRevalidator();
  const asked = useRef("");

  const load = useCallback((query: string) => {
    if (!clipId) return;
    setLoading({ state: "loading" });
    const params = new URLSearchParams(query);
    params.set("lang", document.documentElement.lang);
    asked.current = `${clipId}?${query}`;
    const mark = asked.current;
    fetch(`/clips/${clipId}/panel?${params}`, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { Accept: "application/json" } })
      .then(async (reply) => {
        const body = (await reply.json()) as ClipWordsData & { error?: string };
        if (asked.current !== mark) return;
        if (reply.ok) setWords(body);
        setLoading(reply.ok ? { state: "idle" } : { state: "failed", sentence: body.error ?? null });
      })
      .catch(() => {
        // Cut off or too slow: said in the panel, with a button that asks again.
        if (asked.current === mark) setLoading({ state: "failed", sentence: null });
      });
  }, [clipId]);

  useEffect(() => {
    if (wanted && clipId && words?.postId !== clipId) load("");
    // Only a move or an opening asks; what `load` brings must not ask again.
  }, [wanted, clipId, load]);

  // A comment was sent: what stands here is read again, in the same order.
  const wasBusy = useRef(false);
  useEffect(() => {
    const isBusy = revalidator.state !== "idle";
    if (wasBusy.current && !isBusy && wanted) load(words?.comments.sort ? `sort=${words.comments.sort}` : "");
    wasBusy.current = isBusy;
  }, [revalidator.state]);

  return { words: words?.postId === clipId ? words : null, loading, load };
}

export interface ClipPanelProps {
  clipId: string | undefined;
  first: ClipWordsData | null;
  /** Scripts have taken over: a sheet or a side panel. Before that it stands below the clip. */
  live: boolean;
  open: boolean;
  resumedText: CommentComposerProps["resumedText"];
  onClose: () => void;
}

/** Description, transcript and comments of the clip on the stage. */
export function ClipPanel({ clipId, first, live, open, resumedText, onClose }: ClipPanelProps) {
  const t = useT();
  const { words, loading, load } = useWords(clipId, live && open, first);
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (open && live) close.current?.focus({ preventScroll: true });
  }, [open, live]);
  if (!live && !words) return null;

  // Another order or the next comments come into the panel; the film behind it goes on.
  function onClickCapture(event: MouseEvent) {
    const link = live && event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
    if (!link || link.pathname !== `/posts/${clipId}` || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    load(link.search.slice(1));
  }

  return (
    <section id="about" className="clip-panel" aria-label={t("clips.panel")} hidden={live && !open} onClickCapture={onClickCapture}>
      <div className="clip-panel-head">
        <h2>{t("clips.panel")}</h2>
        {live ? (
          <button ref={close} type="button" className="act-btn" aria-label={t("clips.closePanel")} onClick={onClose}>
            <Icon name="close" />
          </button>
        ) : null}
      </div>
      {words ? (
        <Words words={words} resumedText={resumedText} />
      ) : loading.state === "failed" ? (
        <div className="empty" role="alert">
          <p>{loading.sentence ?? t("clips.panelFailed")}</p>
          <button type="button" className="btn" onClick={() => load("")}>
            {t("clips.retry")}
          </button>
        </div>
      ) : (
        <div className="skeleton late" role="status">
          <span className="vh">{t("clips.panelLoading")}</span>
          <i />
          <i />
          <i />
        </div>
      )}
    </section>
  );
}

function Words({ words, resumedText }: { words: ClipWordsData; resumedText: CommentComposerProps["resumedText"] }) {
  const t = useT();
  const locale = useLocale();
  return (
    <>
      {words.state === "published" ? null : <p className="note warn">{t(words.state === "waiting" ? "clips.waiting" : "post.held")}</p>}
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
