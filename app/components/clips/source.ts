import type Hls from "hls.js";
import type { ClipMediaView } from "~/format/media-view";
import { stopLoading } from "~/components/media/stop-loading";
import { chooseFile } from "./first-film.js";

/**
 * Gives a `<video>` its film. The first clip of a page is a whole MP4, which shows its first frame soonest; the ones
 * after it are HLS, which follows the network: by the browser itself where it can, else by hls.js. That is fetched for a
 * clip that may load beforehand; whoever is looking at one already does not wait for it and gets the whole file.
 * Whatever goes wrong with HLS, the MP4 takes over at the same second. Figures: docs/decisions/0012-clips-feed.md.
 */
const HLS_TYPE = "application/vnd.apple.mpegurl";
/** Enough to begin with while another clip is playing; seconds. */
const BUFFER_AHEAD_SEC = 4;
const BUFFER_PLAYING_SEC = 30;

export interface Attached {
  /** The clip is the one on the stage: load further ahead. */
  promote: () => void;
  detach: () => void;
}

interface Options {
  /** Whole file, not HLS. */
  whole: boolean;
  /** Somebody is waiting for it on the stage. */
  awaited: boolean;
  /** The film has another source; a browser that had begun to play the one before has stopped. */
  onReplaced: () => void;
  /** Nothing can be played any more; the picture stays where it was. */
  onFailed: () => void;
}

export function attachSource(video: HTMLVideoElement, media: ClipMediaView, { whole, awaited, onReplaced, onFailed }: Options): Attached {
  let hls: Hls | null = null;
  let playing = false;
  let onWhole = false;
  let onHlsJs = false;
  let gone = false;

  function takeWhole(): void {
    if (gone) return;
    hls?.destroy();
    hls = null;
    if (onWhole) return onFailed();
    onWhole = true;
    const url = chooseFile(media.mp4, video.clientHeight);
    if (!url) return onFailed();
    const second = video.currentTime;
    video.src = url;
    if (second > 0) video.addEventListener("loadedmetadata", () => (video.currentTime = second), { once: true });
    onReplaced();
  }

  async function takeStream(url: string): Promise<void> {
    onHlsJs = true;
    const HlsLight = await loadHlsJs();
    // The whole file may have been preferred to waiting, or have had to step in.
    if (gone || onWhole) return;
    if (!HlsLight.isSupported()) return takeWhole();
    // Without a worker: it would need blob: scripts, and remuxing fMP4 is next to no work.
    hls = new HlsLight({ enableWorker: false, maxBufferLength: playing ? BUFFER_PLAYING_SEC : BUFFER_AHEAD_SEC, maxMaxBufferLength: BUFFER_PLAYING_SEC, capLevelToPlayerSize: true });
    hls.on(HlsLight.Events.ERROR, (_event, { fatal }) => {
      if (fatal) takeWhole();
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  }

  video.addEventListener("error", takeWhole);
  if (isStarted(video, media)) onWhole = true;
  else if (whole || !media.hls) takeWhole();
  else if (video.canPlayType(HLS_TYPE) !== "") video.src = media.hls;
  else if ("MediaSource" in window && (hlsJsIsThere || !awaited)) takeStream(media.hls).catch(() => onWhole || takeWhole());
  else takeWhole();

  return {
    promote: () => {
      playing = true;
      if (hls) hls.config.maxBufferLength = BUFFER_PLAYING_SEC;
      else if (onHlsJs && !hlsJsIsThere && !onWhole) takeWhole();
    },
    detach: () => {
      gone = true;
      video.removeEventListener("error", takeWhole);
      hls?.destroy();
      stopLoading(video);
    },
  };
}

let hlsJsIsThere = false;

async function loadHlsJs(): Promise<typeof Hls> {
  const { default: HlsLight } = await import("hls.js/light");
  hlsJsIsThere = true;
  return HlsLight;
}

/** The head of the page has given it its film already (first-film.js). */
function isStarted(video: HTMLVideoElement, { mp4 }: ClipMediaView): boolean {
  return video.error === null && mp4.some(({ url }) => video.getAttribute("src") === url);
}
