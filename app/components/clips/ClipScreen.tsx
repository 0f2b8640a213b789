import { useLocation } from "@remix-run/react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type ComponentType, type MutableRefObject } from "react";
import { useGate } from "~/components/gate/GateProvider";
import { PlainLink } from "~/components/ui/PlainLink";
import { useT } from "~/i18n/react";
import { ClipEnd } from "./ClipEnd";
import { ClipIcon } from "./ClipIcon";
import { ClipItem, type ClipHandle } from "./ClipItem";
import type { ClipMenuProps } from "./ClipMenu";
import { ClipPanel } from "./ClipPanel";
import { ClipStanding } from "./ClipStanding";
import type { ClipWordsProps } from "./ClipWords";
import { isHidden, withHidden, type HiddenKind } from "./hidden";
import { clipPath, type ClipFeedMark, type ClipPageData, type ClipWordsData } from "./types";
import { useClipKeys } from "./use-clip-keys";
import { useClipList } from "./use-clip-list";
import { useStage } from "./use-stage";
import { useSwitches } from "./use-switches";

export interface ClipScreenProps {
  page: ClipPageData;
  feed: ClipFeedMark;
  /** Heading of a topic's clips; the tabs say it for the other feeds. */
  title?: string;
  /** The page of one clip: its words, the clip before it, and words that came back through a login. */
  start?: { words: ClipWordsData; previousId: string | null; resumedText: ClipWordsProps["resumedText"]; Words: ComponentType<ClipWordsProps> };
}

/** The stage: one clip at a time, the next by a swipe, a key, the wheel or a button. See docs/decisions/0012-clips-feed.md. */
export function ClipScreen({ page, feed, title, start }: ClipScreenProps) {
  const t = useT();
  const { search, hash } = useLocation();
  const [live, setLive] = useState(false);
  useEffect(() => setLive(true), []);
  const [current, setCurrent] = useState(0);
  const list = useClipList(page, feed, { current, keepId: start?.words.postId ?? null });
  const { clips } = list;
  const clip = clips[current];
  const handle = useRef<ClipHandle | null>(null);
  const root = useRef<HTMLElement>(null);
  const stage = useStage({ root, count: clips.length + 1, current, setCurrent, live });
  const switches = useSwitches();
  const [settledAt, setSettledAt] = useState(-1);
  const [open, setOpen] = useState<"panel" | "menu" | null>(() => (start && (search.includes("resume=") || /[?&](?:sort|cursor)=/.test(search) || hash === "#comments" || hash === "#about" || hash === "#compose") ? "panel" : null));
  const [undo, setUndo] = useState<{ kind: HiddenKind; id: string; name: string; from: string | null } | null>(null);
  const startAt = Math.min(Number(/[?&]t=(\d{1,5})(?:&|$)/.exec(search)?.[1] ?? 0), 36_000);
  const isHeld = useHeld({ clipId: clip?.id, feed, handle });
  useAddress({ clip, feed, brand: t("common.brand"), isFirst: current === 0 });

  const { audible, captions, calm } = switches;
  const state = useMemo(() => ({ live, audible, captions, calm, isHeld }), [live, audible, captions, calm, isHeld]);

  const closePanel = () => {
    setOpen(null);
    root.current?.querySelector<HTMLElement>("[data-on-stage] [data-opens=panel]")?.focus({ preventScroll: true });
  };
  const openPanel = useCallback(() => setOpen("panel"), []);
  const [Menu, setMenu] = useState<ComponentType<ClipMenuProps> | null>(null);
  const openMenu = useCallback(() => {
    setOpen("menu");
    import("./ClipMenu").then(
      ({ ClipMenu }) => setMenu(() => ClipMenu),
      // Cut off: nothing opens, and the next press asks again.
      () => setOpen(null),
    );
  }, []);
  const onSettled = useCallback(() => setSettledAt(stage.at.current), [stage.at]);
  const pressLike = useCallback((only: "like" | "either") => {
    const button = root.current?.querySelector<HTMLButtonElement>("[data-on-stage] button[name=liked]");
    if (button && (only === "either" || button.value === "true")) button.click();
  }, []);
  const onLike = useCallback(() => pressLike("like"), [pressLike]);
  const { goTo } = stage;
  const next = () => goTo(current + 1);
  const previous = () => goTo(current - 1);
  useClipKeys({
    next,
    previous,
    toggle: () => handle.current?.toggle(),
    sound: switches.toggleSound,
    captions: switches.toggleCaptions,
    like: () => pressLike("either"),
    fullscreen: () => {
      // A browser that refuses (a frame, a phone) leaves everything as it is.
      const done = document.fullscreenElement ? document.exitFullscreen() : root.current?.requestFullscreen();
      done?.catch(() => undefined);
    },
    seek: (bySec) => {
      const video = handle.current?.video;
      if (video) video.currentTime = Math.max(0, Math.min(video.currentTime + bySec, video.duration || 0));
    },
    close: () => {
      if (open === "panel") closePanel();
    },
  });

  /** Where to stand once the list has changed under the stage. */
  const standAt = useRef<string | null>(null);
  useLayoutEffect(() => {
    const index = standAt.current === null ? -1 : clips.findIndex(({ id }) => id === standAt.current);
    if (index === -1) return;
    standAt.current = null;
    stage.stand(index);
  });
  function hide(kind: HiddenKind, id: string, name: string) {
    const after = withHidden(list.hidden, kind, id);
    standAt.current = clips.slice(current + 1).find((other) => !isHidden(other, after))?.id ?? null;
    list.hide(kind, id);
    setUndo({ kind, id, name, from: clip?.id ?? null });
  }

  const previousId = clips[current - 1]?.id ?? (current === 0 ? start?.previousId : undefined);
  const nextId = clips[current + 1]?.id;
  return (
    <main ref={root} id="main" tabIndex={-1} className={`clips${live ? " live" : ""}${open === "panel" ? " beside" : ""}`}>
      {start ? null : <h1 className="vh">{title ?? t(feed === "latest" ? "clips.latestTitle" : "clips.title")}</h1>}
      <div className="clip-top">
        <nav className="clip-tabs" aria-label={t("clips.tabs")}>
          <PlainLink to="/clips" aria-current={feed === "" ? "page" : undefined}>
            {t("feed.recommended")}
          </PlainLink>
          <PlainLink to="/clips/latest" aria-current={feed === "latest" ? "page" : undefined}>
            {t("feed.latest")}
          </PlainLink>
          <PlainLink to="/clips/topics" aria-current={feed.startsWith("topic-") ? "page" : undefined}>
            {t("common.topics")}
          </PlainLink>
        </nav>
        {live && clip?.media.hasAudio ? (
          <button type="button" className="clip-sound" aria-pressed={switches.audible} onClick={switches.toggleSound}>
            <ClipIcon name={switches.audible ? "sound" : "muted"} />
            {switches.audible ? <span className="vh">{t("clips.soundOn")}</span> : t("clips.soundOff")}
          </button>
        ) : null}
      </div>
      <div className="clip-feed" role="feed" aria-label={title ?? t("clips.title")} aria-busy={list.more.state === "loading"}>
        {clips.map((item, index) => (
          <ClipItem
            key={item.id}
            clip={item}
            feed={feed}
            index={index}
            offset={index - current}
            hasVideo={live ? Math.abs(index - current) <= 1 : index === 0}
            settled={settledAt === current}
            heading={start && index === 0 ? "h1" : "h2"}
            isPublished={!(start && index === 0) || start.words.state === "published"}
            startAt={start && index === 0 ? startAt : 0}
            stage={state}
            handle={handle}
            onSettled={onSettled}
            onMuted={switches.onMuted}
            onComments={openPanel}
            onMore={openMenu}
            onLike={onLike}
          />
        ))}
        <ClipEnd list={list} index={clips.length} onFirst={() => goTo(0)} />
      </div>
      <div className="clip-steps">
        {previousId ? (
          <StepLink className="up" href={clipPath(previousId, feed)} label={t("clips.previous")} rel="prev" onPress={current > 0 ? previous : null} />
        ) : null}
        {nextId ? <StepLink className="down" href={clipPath(nextId, feed)} label={t("clips.next")} rel="next" onPress={next} /> : null}
      </div>
      {start && current === 0 ? <NotPublished words={start.words} /> : null}
      <p className="clip-hint">
        {(["move", "pause", "sound", "captions", "like"] as const).map((key) => (
          <span key={key}>{t(`clips.key.${key}`)} </span>
        ))}
      </p>
      <p className="vh" aria-live="polite">
        {stage.moved ? (clip ? t("clips.nowAt", { index: current + 1, title: clip.title }) : t("clips.caughtUp")) : ""}
      </p>
      <ClipPanel clipId={clip?.id} first={start?.words ?? null} live={live} open={open === "panel"} resumedText={start?.resumedText ?? null} Words={start?.Words ?? null} onClose={closePanel} />
      {open === "menu" && clip && Menu ? (
        <Menu clip={clip} captions={switches.captions} onCaptions={switches.toggleCaptions} onHide={hide} onWords={() => setOpen("panel")} onClose={() => setOpen((known) => (known === "menu" ? null : known))} />
      ) : null}
      {undo ? (
        <div className="toast" role="status">
          <span>{t("clips.hiddenNow", { name: undo.name })}</span>
          <button
            type="button"
            onClick={() => {
              standAt.current = undo.from;
              list.unhide(undo.kind, undo.id);
              setUndo(null);
            }}
          >
            {t("clips.undo")}
          </button>
          <button type="button" onClick={() => setUndo(null)} aria-label={t("common.close")}>
            ✕
          </button>
        </div>
      ) : null}
    </main>
  );
}

/** What the author is told of a clip that nobody else can see. */
function NotPublished({ words: { postId, state, standing } }: { words: ClipWordsData }) {
  const t = useT();
  if (standing) return <ClipStanding postId={postId} standing={standing} />;
  return state === "published" ? null : <p className="clip-state">{t("post.held")}</p>;
}

/** A plain link to the neighbour's own page; with scripts the stage moves instead. */
function StepLink({ className, href, label, rel, onPress }: { className: "up" | "down"; href: string; label: string; rel: string; onPress: (() => void) | null }) {
  return (
    <a
      className={className}
      href={href}
      rel={rel}
      data-nav=""
      aria-label={label}
      onClick={(event) => {
        if (!onPress || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onPress();
      }}
    >
      <ClipIcon name={className} />
      <span>{label}</span>
    </a>
  );
}

/** True while the film must rest: the gate lies over the stage, or the page is not in front. A login comes back to the same second. */
function useHeld({ clipId, feed, handle }: { clipId: string | undefined; feed: ClipFeedMark; handle: MutableRefObject<ClipHandle | null> }): boolean {
  const { comeBackTo } = useGate();
  const [gated, setGated] = useState(false);
  const [away, setAway] = useState(false);
  useEffect(() => {
    comeBackTo(() => {
      setGated(true);
      return clipId ? clipPath(clipId, feed, handle.current?.video.currentTime ?? 0) : "/clips";
    });
    return () => comeBackTo(null);
  }, [comeBackTo, clipId, feed, handle]);
  useEffect(() => {
    // `close` does not bubble; the gate is the only dialog that holds the film.
    const onClose = (event: Event) => {
      if (event.target instanceof Element && event.target.classList.contains("gate")) setGated(false);
    };
    const onVisibility = () => setAway(document.visibilityState === "hidden");
    document.addEventListener("close", onClose, true);
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("close", onClose, true);
      document.removeEventListener("visibilitychange", onVisibility);
    };
  }, []);
  return gated || away;
}

/** The address bar names the clip on the stage, without a step in the history: Back leaves the feed. */
function useAddress({ clip, feed, brand, isFirst }: { clip: { id: string; title: string } | undefined; feed: ClipFeedMark; brand: string; isFirst: boolean }): void {
  const moved = useRef(false);
  useEffect(() => {
    if (!isFirst) moved.current = true;
    if (!moved.current || !clip) return;
    window.history.replaceState(window.history.state, "", clipPath(clip.id, feed));
    document.title = `${clip.title} · ${brand}`;
  }, [clip, feed, brand, isFirst]);
}
