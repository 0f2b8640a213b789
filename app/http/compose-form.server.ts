import { nanoid } from "nanoid";
import { z } from "zod";
import { DRAFT_KINDS, type DraftCaptions, type DraftWords } from "@models/draft.server";
import { listAssets } from "@models/media-asset.server";
import { CAPTIONS_LENGTH_MAX } from "@models/media-reasons";
import { isStaff, LIMITS } from "@models/roles";
import { pictureParagraph, pictureSource } from "../components/compose/picture-lines";
import type { ComposerStart, ComposerWords } from "../components/compose/words";
import { takeGraphemes, unitsMax } from "../format/graphemes";
import { BODY_MAX } from "../format/post-limits";
import { LOCALES } from "../i18n/locales";
import { saveDraft, type DraftSaved, type DraftView } from "../services/drafts.server";
import { PostForm } from "../services/post-words.server";
import { createPost, editPost } from "../services/posts-write.server";
import { requireMay } from "../services/tiers.server";
import { requireWithinLimit } from "../services/rate-limit.server";
import { SubmissionId } from "./comment-form.server";
import { parseForm } from "./form.server";
import { requireMember, type Viewer } from "./session.server";

/** The composer's form, whoever sends it: the page's script, or the browser itself. */
const optionalId = z
  .union([z.literal(""), z.string().regex(/^[\w-]{1,40}$/)])
  .optional()
  .transform((given) => given || null);
const count = z.coerce.number().int().min(0).max(1_000_000).catch(0);

const ComposeMark = z.object({
  intent: z.enum(["publish", "save", "preview", "picture"]).optional(),
  submissionId: SubmissionId,
  draftId: SubmissionId,
  draftRevision: count,
  postId: optionalId,
  postRevision: count,
  kind: z.enum(DRAFT_KINDS).catch("post"),
  assetId: z.union([z.literal(""), z.string().regex(/^[0-9a-f]{32}$/)]).optional().transform((given) => given || null),
});

/** What is said in a clip. The form of a post has none of it. */
const ComposeSound = z.object({
  captions: z.string().max(CAPTIONS_LENGTH_MAX, "media.captions.tooLong").default(""),
  captionsLang: z.enum(LOCALES).optional().catch(undefined),
  noSpeech: z.string().optional().transform((given) => given === "on"),
});

export interface ReceivedWords {
  viewer: Viewer;
  mark: z.output<typeof ComposeMark>;
  words: DraftWords;
  said: DraftCaptions;
}

export async function receiveWords(request: Request): Promise<ReceivedWords> {
  const viewer = await requireMember(request);
  const mark = await parseForm(ComposeMark, request);
  const words = await parseForm(PostForm, request);
  const sound = await parseForm(ComposeSound, request);
  return { viewer, mark, words, said: { text: sound.captions, lang: sound.captionsLang ?? words.lang, noSpeech: sound.noSpeech } };
}

/** Publishes a new post or an edit and says where it stands. */
export async function publishWords({ viewer, mark, words }: ReceivedWords, now: Date): Promise<string> {
  const { postId, submissionId, draftId } = mark;
  if (postId) {
    await editPost(viewer, { postId, revision: mark.postRevision, words, draftId }, now);
    return `/posts/${postId}`;
  }
  const written = await createPost(viewer, { submissionId, words, draftId }, now);
  return `/posts/${written.postId}`;
}

export async function storeWords({ viewer, mark, words, said }: ReceivedWords, now: Date): Promise<DraftSaved> {
  requireMay(viewer, "draft");
  await requireWithinLimit(viewer, "draft", now);
  const { draftId, draftRevision: revision, postId, kind, assetId } = mark;
  const isSaid = kind === "clip" && (said.text.trim() !== "" || said.noSpeech);
  return saveDraft({ memberId: viewer.id, draftId, revision, postId, postRevision: postId ? mark.postRevision : null, words, kind, assetId, captions: isSaid ? said : null }, now);
}

const NO_POLL = { question: "", multiple: false, days: 7, options: [] };

export function emptyWords(lang: DraftWords["lang"]): ComposerWords {
  return { lang, title: "", body: "", topics: [], declarations: ["opinion"], holds: "", poll: NO_POLL };
}

function toComposer(words: DraftWords): ComposerWords {
  const { lang, title, body, topics, declarations, holds, poll } = words;
  const asked = poll ? { question: poll.question, multiple: poll.multiple, days: poll.closesInDays, options: poll.options } : NO_POLL;
  return { lang, title, body, topics, declarations, holds: holds.join(" "), poll: asked };
}

/** A fresh page: its ids are made here for a member, and in the browser for a guest, whose page is shared by all guests. */
export function freshStart(words: ComposerWords, isMember: boolean): ComposerStart {
  return { words, draftId: isMember ? nanoid() : "", submissionId: isMember ? nanoid() : "", revision: 0, postId: null, postRevision: null, savedAt: null };
}

export function startOfDraft(draft: DraftView): ComposerStart {
  const { id, revision, postId, postRevision, updatedAt, kind, assetId, captions } = draft;
  const said = captions ? { said: { ...captions, fileName: "" } } : {};
  return { words: kind === "clip" ? { ...toComposer(draft), assetId, ...said } : toComposer(draft), draftId: id, submissionId: nanoid(), revision, postId, postRevision, savedAt: revision > 0 ? updatedAt : null };
}

/**
 * A plain form that uploaded a picture comes back with `?media=<assetId>`: its line then stands at the end of the text.
 * An id that is not the writer's own picture changes nothing.
 */
export async function withUploadedPicture(start: ComposerStart, request: Request, viewer: Viewer | null): Promise<ComposerStart> {
  const assetId = new URL(request.url).searchParams.get("media") ?? "";
  if (!viewer || !/^[0-9a-f]{32}$/.test(assetId) || start.words.body.includes(`media:${assetId}`)) return start;
  const asset = (await listAssets([assetId])).get(assetId);
  if (asset?.ownerId !== viewer.id || asset.kind !== "image") return start;
  const { body } = start.words;
  const line = pictureParagraph(body, body.length, pictureSource({ assetId, alt: asset.alt }));
  return { ...start, words: { ...start.words, body: body + line } };
}

/** Where the page of a plain upload form goes on; null when the page was not opened for that. */
export function pictureFormOf(request: Request): string | null {
  const url = new URL(request.url);
  if (url.searchParams.get("add") !== "picture") return null;
  url.searchParams.delete("add");
  return url.pathname + url.search;
}

/** What was typed, as the form sent it, so that a refusal or a login loses nothing. */
export function wordsOfFields(fields: Record<string, string>, lang: DraftWords["lang"]): ComposerWords {
  const parsed = PostForm.safeParse({ lang, ...fields });
  if (parsed.success) return toComposer(parsed.data);
  return { ...emptyWords(lang), title: (fields.title ?? "").slice(0, 1_000), body: takeGraphemes((fields.body ?? "").slice(0, unitsMax(BODY_MAX)), BODY_MAX * 2) };
}

export function startOfFields(fields: Record<string, string>, lang: DraftWords["lang"]): ComposerStart {
  return {
    words: wordsOfFields(fields, lang),
    draftId: fields.draftId || nanoid(),
    submissionId: fields.submissionId || nanoid(),
    revision: Number(fields.draftRevision) || 0,
    postId: fields.postId || null,
    postRevision: fields.postRevision ? Number(fields.postRevision) || null : null,
    savedAt: null,
  };
}

/** Stated before it is reached. */
export function postsPerDayOf(viewer: Viewer | null): number | null {
  return viewer && !isStaff(viewer.role) ? (LIMITS.post?.times[viewer.tier] ?? null) : null;
}
