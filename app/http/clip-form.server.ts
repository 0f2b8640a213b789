import type { DraftCaptions } from "@models/draft.server";
import { Invalid, NotFound } from "@models/errors";
import { requireOwnAsset } from "@models/media-asset.server";
import { requireOwnPost } from "@models/post.server";
import { parseCaptions } from "@media/captions";
import type { ComposerStart } from "../components/compose/words";
import { isUseless } from "../components/media/asset";
import type { Locale } from "../i18n/locales";
import { ClipRefused, createClip, editClip, replaceClipFile, saveCaptions, setNoSpeech } from "../services/clips-write.server";
import { readOwnAsset, type AssetView, type ViewContext } from "../services/own-media.server";
import type { Viewer } from "../services/viewer";
import { startOfFields, storeWords, type ReceivedWords } from "./compose-form.server";

/** The form of a clip: the words of a post, the video they go with, and what is said in it. */

const ASSET_ID = /^[0-9a-f]{32}$/;

/** What was typed, as the form sent it, for a form that comes back. */
export function clipOfFields(fields: Record<string, string>, locale: Locale): ComposerStart {
  const start = startOfFields(fields, locale);
  const { assetId = "", captions = "", captionsLang, noSpeech } = fields;
  const said = { text: captions, fileName: "", lang: captionsLang ?? start.words.lang, noSpeech: noSpeech === "on" };
  return { ...start, words: { ...start.words, assetId: ASSET_ID.test(assetId) ? assetId : null, said } };
}

/** Publishes a clip, or waits with it until it can be played; says where it stands. Sending it twice makes one. */
export async function publishClip(received: ReceivedWords, now: Date): Promise<string> {
  const { viewer, mark, words, said } = received;
  if (mark.postId) return changeClip(received, mark.postId, now);
  const { assetId, submissionId, draftId } = mark;
  if (!assetId) throw new Invalid("a clip without a video", { messageKey: "media.clip.fileMissing", fields: { assetId: "media.clip.fileMissing" } });
  // Captions that cannot be read are said before anything stands.
  if (said.text.trim() !== "") parseCaptions(said.text, { durationSec: null });
  const { postId } = await createClip(viewer, { submissionId, words, assetId, draftId }, now);
  await keepWhatIsSaid(viewer, assetId, said, now);
  return `/clips/${postId}`;
}

/** Once: a form that is sent again finds what it brought the first time. */
async function keepWhatIsSaid(viewer: Viewer, assetId: string, { text, lang, noSpeech }: DraftCaptions, now: Date): Promise<void> {
  if (text.trim() !== "") {
    const { captions } = await requireOwnAsset(assetId, viewer.id);
    if (!captions.some((known) => known.lang === lang)) await saveCaptions(viewer, { assetId, lang, source: text, revision: 0 }, now);
  } else if (noSpeech) await setNoSpeech(viewer, { assetId, noSpeech: true }, now);
}

/**
 * The same for a form without scripts, which shows one thing at a time: when the video has been refused meanwhile, the
 * words are kept as a draft, and the answer is its address, where the reason and the form for another video stand.
 */
export async function publishOrKeep(received: ReceivedWords, now: Date): Promise<string> {
  try {
    return await publishClip(received, now);
  } catch (error) {
    if (!(error instanceof ClipRefused) || received.mark.postId) throw error;
    return `/clips/new?draft=${(await storeWords(received, now)).draftId}`;
  }
}

async function changeClip({ viewer, mark, words }: ReceivedWords, postId: string, now: Date): Promise<string> {
  const post = await requireOwnPost(postId, viewer.id);
  // Another file is only taken while the first one shows nothing; replaceClipFile says so otherwise.
  if (mark.assetId && post.clip && mark.assetId !== post.clip.assetId) await replaceClipFile(viewer, { postId, assetId: mark.assetId }, now);
  await editClip(viewer, { postId, revision: mark.postRevision, words, draftId: mark.draftId }, now);
  return `/clips/${postId}`;
}

/** Another video has to be brought: there is none, or nothing will come of it. */
export function isUnusable(asset: AssetView | null): boolean {
  return asset === null || isUseless(asset);
}

/** One's own video for a composer to go on with; null for a picture, and for what is gone or somebody else's. */
export async function findOwnVideo(viewer: Viewer, assetId: string | null | undefined, context: ViewContext): Promise<AssetView | null> {
  if (!assetId || !ASSET_ID.test(assetId)) return null;
  try {
    const asset = await readOwnAsset(viewer.id, assetId, context);
    return asset.kind === "video" ? asset : null;
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}
