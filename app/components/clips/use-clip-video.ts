import { useCallback, useEffect, useRef, useState } from "react";
import type { ClipMediaView } from "~/format/media-view";
import { attachSource, type Attached } from "./source";

/** How one film stands. "blocked": the browser wants a press first; "failed": nothing more comes. */
export type ClipPhase = "idle" | "playing" | "paused" | "blocked" | "failed";

export interface ClipVideoState {
  phase: ClipPhase;
  /** Waits for data, longer than one notices. */
  slow: boolean;
  /** What is said just now, for the caption line; empty between sentences. */
  caption: string;
  play: () => void;
  pause: () => void;
  toggle: () => void;
  /** Asks for the file again and goes on at the same second. */
  retry: () => void;
}

interface Options {
  media: ClipMediaView;
  /** It is the clip on the stage. */
  isCurrent: boolean;
  /** Its film may be fetched now; before that there is only the poster. */
  isLoaded: boolean;
  /** The first clip of the page: a whole file. */
  whole: boolean;
  audible: boolean;
  /** Plays without being asked when it comes on the stage. */
  startsAlone: boolean;
  /** Something lies over the stage, or the page is not in front. */
  isHeld: boolean;
  /** Second to begin at. */
  startAt: number;
  captionLang: string;
  /** The browser refused sound. */
  onMuted: () => void;
}

const SLOW_AFTER_MS = 1_200;

export function useClipVideo(video: HTMLVideoElement | null, options: Options): ClipVideoState {
  const { media, isCurrent, isLoaded, whole, audible, startsAlone, isHeld, startAt, captionLang, onMuted } = options;
  const [phase, setPhase] = useState<ClipPhase>("idle");
  const [wanted, setWanted] = useState(startsAlone);
  const [attempt, setAttempt] = useState(0);
  // Once fetched, a film stays until its element goes: what the neighbours do must not throw away what has been loaded.
  const [isThere, setThere] = useState(false);
  const attached = useRef<Attached | null>(null);
  const place = useRef(startAt);
  const mayPlay = useRef(false);

  // A clip that comes on the stage plays, whatever it did when it left.
  useEffect(() => setWanted(startsAlone), [isCurrent, startsAlone]);

  useEffect(() => {
    if (isLoaded || (isCurrent && wanted)) setThere(true);
  }, [isLoaded, isCurrent, wanted]);

  const start = useCallback(() => {
    if (!video) return;
    video.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      if (video.muted) return setPhase("blocked");
      video.muted = true;
      onMuted();
      video.play().catch(() => setPhase("blocked"));
    });
  }, [video, onMuted]);

  const awaited = useRef(false);
  awaited.current = isCurrent && wanted && !isHeld;

  // A new source starts by what is true when it comes, and is no reason to attach the film again.
  const startNow = useRef(start);
  startNow.current = start;

  useEffect(() => {
    if (!video || !isThere) return;
    const second = place.current;
    if (second > 0) video.addEventListener("loadedmetadata", () => (video.currentTime = Math.min(second, Math.max(0, video.duration - 0.5))), { once: true });
    const source = attachSource(video, media, { whole: whole || attempt > 0, awaited: awaited.current, onReplaced: () => mayPlay.current && startNow.current(), onFailed: () => setPhase("failed") });
    attached.current = source;
    return () => {
      place.current = video.currentTime;
      attached.current = null;
      source.detach();
    };
    // By the asset, not the object: the same film read anew is no reason to load it again.
  }, [video, isThere, media.assetId, whole, attempt]);

  useEffect(() => {
    if (!video) return;
    video.muted = !audible;
  }, [video, audible]);

  useEffect(() => {
    if (!video) return;
    mayPlay.current = isCurrent && wanted && !isHeld;
    if (mayPlay.current) {
      attached.current?.promote();
      start();
    } else if (attached.current) video.pause();
  }, [video, isThere, isCurrent, wanted, isHeld, start, attempt]);

  useEffect(() => {
    if (!video) return;
    const on = { playing: () => setPhase("playing"), pause: () => setPhase((known) => (known === "failed" ? known : "paused")) };
    for (const [name, listener] of Object.entries(on)) video.addEventListener(name, listener);
    // It may have begun before we were there to hear of it.
    if (!video.paused && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) on.playing();
    return () => {
      for (const [name, listener] of Object.entries(on)) video.removeEventListener(name, listener);
    };
  }, [video]);

  return {
    phase,
    slow: useSlow(video),
    caption: useCaption(video, captionLang),
    play: () => {
      setWanted(true);
      start();
    },
    pause: () => setWanted(false),
    toggle: () => {
      // By what it is doing, not by what has been heard of it: a film that still waits for data is stopped too.
      if (video && !video.paused) setWanted(false);
      else {
        setWanted(true);
        start();
      }
    },
    retry: () => {
      if (video && video.currentTime > 0) place.current = video.currentTime;
      setPhase("idle");
      setWanted(true);
      setAttempt((count) => count + 1);
    },
  };
}

function useSlow(video: HTMLVideoElement | null): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!video) return;
    let timer = 0;
    const wait = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => setSlow(true), SLOW_AFTER_MS);
    };
    const go = () => {
      window.clearTimeout(timer);
      setSlow(false);
    };
    const stops = ["playing", "pause", "seeked", "error", "canplay"];
    video.addEventListener("waiting", wait);
    for (const name of stops) video.addEventListener(name, go);
    return () => {
      window.clearTimeout(timer);
      video.removeEventListener("waiting", wait);
      for (const name of stops) video.removeEventListener(name, go);
    };
  }, [video]);
  return slow;
}

/** The cue of the chosen track, drawn by us: the browser's own line would lie under the controls of the stage. */
function useCaption(video: HTMLVideoElement | null, lang: string): string {
  const [text, setText] = useState("");
  useEffect(() => {
    if (!video) return;
    const tracks = [...video.textTracks];
    const chosen = tracks.find((track) => track.language === lang) ?? tracks[0];
    for (const track of tracks) track.mode = track === chosen && lang !== "" ? "hidden" : "disabled";
    if (!chosen || lang === "") return setText("");
    const show = () => setText([...(chosen.activeCues ?? [])].map((cue) => plainText((cue as VTTCue).text)).join("\n"));
    chosen.addEventListener("cuechange", show);
    return () => chosen.removeEventListener("cuechange", show);
  }, [video, lang]);
  return text;
}

function plainText(cue: string): string {
  return cue.replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&nbsp;/g, " ").replace(/&amp;/g, "&");
}
