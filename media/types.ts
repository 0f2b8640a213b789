import type { RejectReason } from "@models/media-reasons";
import type { MediaTools } from "./ffmpeg";

/**
 * The words that the stages of the pipeline share. Every stage is a plain function over files: it reads a source,
 * writes into a directory, and returns facts; it knows no database and no page. Sizes in pixels after rotation,
 * durations in seconds, sizes in bytes.
 */
export type MediaKind = "image" | "video";

/** The upload is not one we take. Everything else that goes wrong is a failure, and is tried again. */
export class MediaRejected extends Error {
  constructor(
    readonly reason: RejectReason,
    detail = "",
    options?: ErrorOptions,
  ) {
    super(detail ? `${reason}: ${detail}` : reason, options);
    this.name = "MediaRejected";
  }
}

/** What the first bytes say; the name and the type that the sender states are never believed. */
export interface Sniffed {
  kind: MediaKind;
  /** Such as "image/jpeg" or "video/mp4". */
  type: string;
  /** The ffmpeg demuxer that is forced for it; null for images. */
  demuxer: "mov" | "matroska" | "mpegts" | "avi" | null;
}

export interface VideoFacts {
  /** Upright and with square pixels. */
  width: number;
  height: number;
  durationSec: number;
  /** Of the output: the source's own when constant and 10–30.5, a whole part of it above that (25 for 50), else 30. */
  fps: number;
  hasAudio: boolean;
  hdr: boolean;
  /** HDR, but this machine's ffmpeg cannot map its tones: the colours are paler than they should be. */
  hdrPlain: boolean;
  interlaced: boolean;
  videoCodec: string;
  /** Forced on every read of the source. */
  demuxer: NonNullable<Sniffed["demuxer"]>;
  /** Indexes of the chosen streams in the source. */
  videoIndex: number;
  audioIndex: number | null;
  /** What the colour filter must know: ffmpeg names, null when untagged. */
  color: { transfer: string | null; primaries: string | null; matrix: string | null; range: string | null };
}

export type RungName = "360" | "540" | "720" | "1080" | "av1-720";

/** One encoded version of a clip, as an fMP4 with byte ranges. */
export interface Rendition {
  name: RungName;
  width: number;
  height: number;
  bytes: number;
  /** RFC 6381, both codecs, as the master playlist states them. */
  codecs: string;
  /** Bits per second over the worst segment, and over all. */
  bandwidthPeak: number;
  bandwidthAverage: number;
  frameRate: number;
}

export type FileRole = "image" | "poster" | "hls" | "segment" | "mp4" | "storyboard" | "storyboardTrack" | "preview" | "captions";

/** A file that readers may fetch. Names are never written twice with other bytes: what changes gets a new name. */
export interface OutputFile {
  /** Plain file name inside the asset's folder, such as "640.webp" or "master-2.m3u8". */
  name: string;
  role: FileRole;
  /** Content type it is served with. */
  type: string;
  bytes: number;
  width?: number;
  height?: number;
}

/** Perceptual hashes of one picture, and of its mirror image. Hex, 16 and 64 digits. */
export interface PictureHash {
  phash: string;
  blockhash: string;
  mirroredPhash: string;
  mirroredBlockhash: string;
}

/** What programs used: user and system seconds, and the highest resident memory of any. */
export interface Used {
  cpuSec: number;
  peakRssBytes: number;
}

/** What a stage may use. `workDir` is private and emptied by the caller whatever happens. */
export interface StageContext {
  workDir: string;
  outDir: string;
  signal?: AbortSignal;
  /** ffmpeg and what it can do; what `describeTools()` finds when absent. */
  tools?: MediaTools;
  /** Told after each program that ran, also when the stage then refuses the upload. */
  onUse?: (used: Used) => void;
  /** 0 to 1 within the stage. */
  onProgress?: (share: number) => void;
}
