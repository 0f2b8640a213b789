import { randomBytes } from "node:crypto";
import type { Post, PostClip } from "@models/post.server";
import { makePost } from "./posts";

/** A clip as settling would have copied it from its asset: two whole files, playlists, posters, captions in Chinese. */
export function clipOf(given: Partial<PostClip> = {}): PostClip {
  return {
    assetId: randomBytes(16).toString("hex"),
    width: 720,
    height: 1280,
    durationSec: 24,
    hasAudio: true,
    thumbhash: "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
    posters: [360, 720],
    manifest: "master-1.m3u8",
    mp4: [
      { name: "360.mp4", width: 360, height: 640, bytes: 400_000 },
      { name: "720.mp4", width: 720, height: 1280, bytes: 1_500_000 },
    ],
    storyboard: false,
    preview: false,
    captions: [{ lang: "zh-CN", file: "captions-zh-CN-1.vtt" }],
    noSpeech: false,
    listed: true,
    ...given,
  };
}

/** A published clip through the writers of production; its files are whoever needs them to make. */
export function makeClip({ clip, ...given }: Partial<Omit<Post, "clip">> & { authorId: string; clip?: Partial<PostClip> }): Promise<Post> {
  const made = clipOf(clip);
  return makePost({ ...given, clip: made, assetIds: [made.assetId] });
}
