import { VIDEO_BYTES_MAX, VIDEO_SEC_MAX } from "@models/media-reasons";
import { stopLoading } from "./stop-loading";

/** What a chosen video says of itself before a byte is sent. */
export interface VideoFacts {
  /** Null when this browser cannot play the file, which says nothing about ours. */
  durationSec: number | null;
  width: number | null;
  height: number | null;
}

const READ_TIMEOUT_MS = 6_000;

/** Reads the head of a local file. Some phones' formats do not open in every browser; then nothing is known. */
export function readVideoFacts(url: string): Promise<VideoFacts> {
  return new Promise((resolve) => {
    const video = document.createElement("video");
    const done = (facts: VideoFacts) => {
      window.clearTimeout(timer);
      stopLoading(video);
      resolve(facts);
    };
    const nothing: VideoFacts = { durationSec: null, width: null, height: null };
    const timer = window.setTimeout(() => done(nothing), READ_TIMEOUT_MS);
    video.preload = "metadata";
    video.muted = true;
    video.onloadedmetadata = () => done({ durationSec: Number.isFinite(video.duration) ? video.duration : null, width: video.videoWidth || null, height: video.videoHeight || null });
    video.onerror = () => done(nothing);
    video.src = url;
  });
}

export type VideoProblem = "empty" | "tooLarge" | "tooLong" | "notAVideo";

/** What can be said for sure already; the server looks at everything again. */
export function videoProblem(file: File, facts: VideoFacts): VideoProblem | null {
  if (file.type !== "" && !file.type.startsWith("video/")) return "notAVideo";
  if (file.size === 0) return "empty";
  if (file.size > VIDEO_BYTES_MAX) return "tooLarge";
  // A second of grace, as the server has: headers round up.
  return facts.durationSec !== null && facts.durationSec > VIDEO_SEC_MAX + 1 ? "tooLong" : null;
}
