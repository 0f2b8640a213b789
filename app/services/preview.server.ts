import { loadInstruments } from "@models/instrument.server";
import { findMemberIdByKey } from "@models/member-key.server";
import { listMembersByIds } from "@models/member.server";
import type { BodyPicture } from "~/format/markdown-pictures.server";
import { listMentionedHandles, renderComment, renderPost, type RenderContext, type RenderedComment, type RenderedPost } from "~/format/markdown.server";
import type { Locale } from "~/i18n/locales";
import { loadPictures, ownBaseOf } from "./media-words.server";

/**
 * The renderer with the codes and members of the database behind it: the same call previews and publishes. Pictures are
 * those that `loadPictures` (media-words.server.ts) found; without them every picture stays its description.
 */
export async function renderPostWords(source: string, lang: Locale, now: Date, pictures: ReadonlyMap<string, BodyPicture> = new Map()): Promise<RenderedPost> {
  return renderPost(source, { ...(await contextFor(source, lang, now)), pictures });
}

/** The words as their writer looks at them before publishing: own pictures at addresses that end. A guest has none. */
export async function renderPreview(source: string, lang: Locale, writerId: string | null, now: Date): Promise<RenderedPost> {
  return renderPostWords(source, lang, now, writerId === null ? undefined : await loadPictures(source, writerId, ownBaseOf(now)));
}

export async function renderCommentWords(source: string, lang: Locale, now: Date): Promise<RenderedComment> {
  return renderComment(source, await contextFor(source, lang, now));
}

async function contextFor(source: string, lang: Locale, now: Date): Promise<RenderContext> {
  const handles = listMentionedHandles(source);
  const ids = await Promise.all(handles.map((handle) => findMemberIdByKey("handle", handle)));
  const members = await listMembersByIds(ids.filter((id) => id !== null));
  const byHandle = new Map([...members.values()].map((member) => [member.handle.toLowerCase(), { id: member._id, handle: member.handle }]));
  return { lang, instruments: await loadInstruments(now), resolveMention: (handle) => byHandle.get(handle) };
}
