/**
 * Why an upload is refused, as codes: stored with the asset, printed by media:ingest, shown to its owner through
 * `media.reason.<code>` in the locale files (what is wrong, and what to do). Safe in the browser.
 */
export const REJECT_REASONS = [
  "empty",
  "too_large",
  "type_not_allowed",
  "type_mismatch",
  "heic_unsupported",
  "no_video",
  "too_short",
  "too_long",
  "too_many_pixels",
  "dimensions",
  "fps_too_high",
  "too_many_streams",
  "too_many_frames",
  "codec_not_allowed",
  "encrypted",
  "corrupt",
  "truncated",
  "removed_before",
  "encoder_missing",
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** What a member may upload: bytes and seconds. A photo of a phone is under 15 MB, three minutes at 1080p under 200 MB. */
export const IMAGE_BYTES_MAX = 30 * 1024 * 1024;
export const VIDEO_BYTES_MAX = 200 * 1024 * 1024;
export const VIDEO_SEC_MAX = 180;
/**
 * Characters of a captions file. Three minutes of speech have some 5,000, one cue for each syllable some 60,000; so many,
 * in Chinese, still fit into a form beside the longest text.
 */
export const CAPTIONS_LENGTH_MAX = 90_000;
/** Characters that say what a picture shows. */
export const ALT_LENGTH_MAX = 500;
