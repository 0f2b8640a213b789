import { useRevalidator } from "@remix-run/react";
import { useCallback, useEffect, useRef, useState, type ComponentType, type MouseEvent } from "react";
import { Icon } from "~/components/ui/Icon";
import { useT } from "~/i18n/react";
import type { ClipWordsProps } from "./ClipWords";
import type { ClipWordsData } from "./types";

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
  resumedText: ClipWordsProps["resumedText"];
  /** What draws the words, where the page has brought it. */
  Words: ComponentType<ClipWordsProps> | null;
  onClose: () => void;
}

/** Description, transcript and comments of the clip on the stage. */
export function ClipPanel({ clipId, first, live, open, resumedText, Words, onClose }: ClipPanelProps) {
  const t = useT();
  const { words, loading, load } = useWords(clipId, live && open, first);
  const { Drawn, failed, fetchDrawing } = useDrawing(Words, live && open);
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
      {words && Drawn ? (
        <Drawn words={words} resumedText={resumedText} />
      ) : loading.state === "failed" || failed ? (
        <div className="empty" role="alert">
          <p>{(loading.state === "failed" ? loading.sentence : null) ?? t("clips.panelFailed")}</p>
          <button
            type="button"
            className="btn"
            onClick={() => {
              if (failed) fetchDrawing();
              if (!words) load("");
            }}
          >
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

/** The module that draws the words, fetched with the first opening unless the page has brought it. */
function useDrawing(given: ComponentType<ClipWordsProps> | null, wanted: boolean) {
  const [Drawn, setDrawn] = useState<ComponentType<ClipWordsProps> | null>(() => given);
  const [failed, setFailed] = useState(false);
  const fetchDrawing = useCallback(() => {
    setFailed(false);
    import("./ClipWords").then(
      ({ ClipWords }) => setDrawn(() => ClipWords),
      () => setFailed(true),
    );
  }, []);
  useEffect(() => {
    if (wanted && !Drawn) fetchDrawing();
  }, [wanted, Drawn, fetchDrawing]);
  return { Drawn, failed, fetchDrawing };
}
