import type { CaptionsGiven } from "~/components/media/CaptionsField";

/** The words of a post as the composer holds them, and the form that carries them. Safe in the browser. */
export interface ComposerPoll {
  question: string;
  multiple: boolean;
  days: number;
  options: string[];
}

export interface ComposerWords {
  lang: string;
  title: string;
  body: string;
  topics: string[];
  declarations: string[];
  /** Codes as typed. */
  holds: string;
  poll: ComposerPoll;
  /** The video of a clip, as soon as its upload has begun; left out by the composer of posts. */
  assetId?: string | null;
  /** What is said in it; left out where captions have a page of their own. */
  said?: CaptionsGiven;
}

/** Some of the words anew, or how they follow from those that stand: two fields may change before the page is drawn again. */
export type WordsChange = Partial<ComposerWords> | ((before: ComposerWords) => Partial<ComposerWords>);

export function withChange(before: ComposerWords, change: WordsChange): ComposerWords {
  return { ...before, ...(typeof change === "function" ? change(before) : change) };
}

/** What the server hands the composer to begin with. */
export interface ComposerStart {
  words: ComposerWords;
  /** Empty for a guest's page, which is the same for everybody; the browser then makes them. */
  draftId: string;
  submissionId: string;
  /** Revision of the stored draft; 0 when there is none. */
  revision: number;
  postId: string | null;
  postRevision: number | null;
  /** ISO time of the stored draft; null when nothing is stored. */
  savedAt: string | null;
}

/** Which draft the words belong to. */
export interface DraftMark {
  draftId: string;
  submissionId: string;
  revision: number;
  postId: string | null;
  postRevision: number | null;
}

export const DECLARATION_KEYS = ["opinion", "position", "paid", "ai"] as const;
export const POLL_DAYS = [1, 3, 7, 14, 30] as const;

/** The same fields under the same names as the plain HTML form sends. */
export function toForm(words: ComposerWords, mark: DraftMark): URLSearchParams {
  const form = new URLSearchParams({
    submissionId: mark.submissionId,
    draftId: mark.draftId,
    draftRevision: String(mark.revision),
    postId: mark.postId ?? "",
    postRevision: mark.postRevision === null ? "" : String(mark.postRevision),
    lang: words.lang,
    title: words.title,
    body: words.body,
    holds: words.holds,
    pollQuestion: words.poll.question,
    pollDays: String(words.poll.days),
  });
  if (words.poll.multiple) form.set("pollMultiple", "on");
  if (words.assetId !== undefined) {
    form.set("kind", "clip");
    form.set("assetId", words.assetId ?? "");
  }
  if (words.said) {
    form.set("captions", words.said.text);
    form.set("captionsLang", words.said.lang);
    if (words.said.noSpeech) form.set("noSpeech", "on");
  }
  for (const topic of words.topics) form.append("topics", topic);
  for (const declaration of words.declarations) form.append("declarations", declaration);
  for (const option of words.poll.options) form.append("pollOption", option);
  return form;
}

export function isEmpty({ title, body, poll, assetId }: ComposerWords): boolean {
  return !assetId && title.trim() === "" && body.trim() === "" && poll.question.trim() === "";
}

export function isComposerWords(value: unknown): value is ComposerWords {
  if (typeof value !== "object" || value === null) return false;
  const words = value as Partial<ComposerWords>;
  return typeof words.title === "string" && typeof words.body === "string" && Array.isArray(words.topics) && Array.isArray(words.declarations) && typeof words.holds === "string" && Array.isArray(words.poll?.options);
}
