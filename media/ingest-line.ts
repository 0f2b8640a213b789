import type { RejectReason } from "@models/media-reasons";
import type { MediaKind } from "./types";

/** What `npm run media:ingest` says of one file. Apart from ingest.ts, so that who prints it needs no decoder. */
export interface IngestLine {
  file: string;
  /** By its bytes; null when they are of no kind that is taken. */
  kind: MediaKind | null;
  verdict: "accept" | "reject";
  /** Null when accepted. "failed" is not about the file: it says that something of ours went wrong, see `error`. */
  reason: RejectReason | "failed" | null;
  error?: string;
  /** As shown, in pixels. */
  width: number | null;
  height: number | null;
  durationSec: number | null;
  hasAudio: boolean | null;
  renditions: { name: string; width: number; height: number; bytes: number }[];
  /** Paths, all below the output folder. */
  outputs: string[];
  /** User and system seconds of the work on this file, with all programs that it started; without the start of Node. */
  cpuSec: number;
  /** Seconds that passed. */
  wallSec: number;
  /** Highest resident memory: Node's own, or Node's and a program's that ran beside it. */
  peakRssMb: number;
}

const ERROR_LENGTH_MAX = 500;

export function lineOfRefusal(file: string, reason: RejectReason | "failed", error?: string): IngestLine {
  const nothing = { kind: null, width: null, height: null, durationSec: null, hasAudio: null, renditions: [], outputs: [], cpuSec: 0, wallSec: 0, peakRssMb: 0 };
  return { file, verdict: "reject", reason, ...(error === undefined ? {} : { error: error.slice(0, ERROR_LENGTH_MAX) }), ...nothing };
}
