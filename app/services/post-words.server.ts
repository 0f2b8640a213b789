import { z } from "zod";
import type { DraftPoll, DraftWords } from "@models/draft.server";
import { Invalid } from "@models/errors";
import { loadInstruments } from "@models/instrument.server";
import { DECLARATIONS, type Declaration } from "@models/post.server";
import { cleanLine, cleanText, isBlank } from "~/format/clean-text";
import { asksToTrade } from "~/format/finance-words";
import { countGraphemes, unitsMax } from "~/format/graphemes";
import { BODY_MAX, HOLDS_MAX, POLL_DAYS_MAX, POLL_OPTION_MAX, POLL_OPTIONS_MAX, POLL_OPTIONS_MIN, POLL_QUESTION_MAX, TITLE_MAX, TOPICS_MAX } from "~/format/post-limits";
import { DEFAULT_LOCALE, LOCALES } from "~/i18n/locales";
import { listTopics } from "./topics.server";

/**
 * The words of a post between the form and the database. Two steps on purpose: `PostForm` takes almost anything, so that
 * a draft can keep it; `requirePublishable` says what is wrong, field by field.
 */
const list = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) => (value === undefined ? [] : [value].flat().flatMap((part) => part.split("\n"))));
const text = (max: number) => z.string().max(max, "form.tooLong").optional().default("");
const slug = /^[a-z0-9-]{1,40}$/;

/** Fields as the composer names them; a repeated field and one with line ends mean the same. */
export const PostForm = z
  .object({
    lang: z.enum(LOCALES).optional().catch(DEFAULT_LOCALE),
    title: text(1_000),
    body: text(unitsMax(BODY_MAX)),
    topics: list,
    declarations: list,
    holds: z.string().max(400).optional().default(""),
    pollQuestion: text(1_000),
    pollOption: list,
    pollMultiple: z.string().optional(),
    pollDays: z.coerce.number().int().min(1).max(POLL_DAYS_MAX).catch(7),
  })
  .transform(toWords);

interface PostFormValues {
  lang?: DraftWords["lang"] | undefined;
  title: string;
  body: string;
  topics: string[];
  declarations: string[];
  holds: string;
  pollQuestion: string;
  pollOption: string[];
  pollMultiple?: string | undefined;
  pollDays: number;
}

function toWords(form: PostFormValues): DraftWords {
  const declared = DECLARATIONS.filter((declaration) => form.declarations.includes(declaration));
  return {
    lang: form.lang ?? DEFAULT_LOCALE,
    title: cleanLine(form.title),
    body: cleanText(form.body),
    topics: [...new Set(form.topics.filter((topic) => slug.test(topic)))].slice(0, 20),
    declarations: declared,
    holds: [...new Set(form.holds.toUpperCase().split(/[\s,，、;；$]+/).filter((code) => /^[A-Z0-9.]{1,12}$/.test(code)))].slice(0, 20),
    poll: toPoll(form),
  };
}

/** No question and no answer typed means no poll. */
function toPoll(form: PostFormValues): DraftPoll | null {
  const question = cleanLine(form.pollQuestion);
  const options = form.pollOption.map(cleanLine).filter((option) => option !== "").slice(0, 20);
  if (question === "" && options.length === 0) return null;
  return { question, multiple: form.pollMultiple !== undefined && form.pollMultiple !== "", closesInDays: form.pollDays, options };
}

export interface PublishableWords extends DraftWords {
  declarations: Declaration[];
  /** Instrument ids; empty unless "position" is declared. */
  holds: string[];
}

/** Everything that must hold before others read it; all complaints at once, at the fields they are about. */
export async function requirePublishable(words: DraftWords, now: Date, { bodyOptional = false } = {}): Promise<PublishableWords> {
  const fields: Record<string, string> = {};
  if (isBlank(words.title)) fields.title = "compose.titleMissing";
  else if (countGraphemes(words.title) > TITLE_MAX) fields.title = "compose.titleTooLong";
  if (isBlank(words.body)) {
    if (!bodyOptional) fields.body = "compose.bodyMissing";
  } else if (countGraphemes(words.body) > BODY_MAX) fields.body = "compose.bodyTooLong";
  const known = new Set((await listTopics(words.lang, now)).map((topic) => topic.slug));
  if (words.topics.length === 0) fields.topics = "compose.topicMissing";
  else if (words.topics.length > TOPICS_MAX) fields.topics = "compose.topicsTooMany";
  else if (words.topics.some((topic) => !known.has(topic))) fields.topics = "compose.topicUnknown";
  const holds = await resolveHolds(words, fields, now);
  if (words.poll) Object.assign(fields, pollProblems(words.poll));
  if (Object.keys(fields).length > 0) {
    const params = { titleMax: TITLE_MAX, bodyMax: BODY_MAX, topicsMax: TOPICS_MAX, holdsMax: HOLDS_MAX, optionsMin: POLL_OPTIONS_MIN, optionsMax: POLL_OPTIONS_MAX, questionMax: POLL_QUESTION_MAX, optionMax: POLL_OPTION_MAX };
    throw new Invalid(`words not publishable: ${Object.keys(fields).join(", ")}`, { messageKey: "compose.checkFields", fields, params });
  }
  return { ...words, holds };
}

async function resolveHolds(words: DraftWords, fields: Record<string, string>, now: Date): Promise<string[]> {
  if (!words.declarations.includes("position")) return [];
  if (words.holds.length > HOLDS_MAX) fields.holds = "compose.holdsTooMany";
  const book = await loadInstruments(now);
  const ids = words.holds.map((code) => book.find(code)?._id);
  if (ids.length === 0) fields.holds = "compose.holdsMissing";
  else if (ids.some((id) => id === undefined)) fields.holds ??= "compose.holdsUnknown";
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function pollProblems(poll: DraftPoll): Record<string, string> {
  if (isBlank(poll.question)) return { pollQuestion: "poll.questionMissing" };
  if (countGraphemes(poll.question) > POLL_QUESTION_MAX) return { pollQuestion: "poll.questionTooLong" };
  if (poll.options.length < POLL_OPTIONS_MIN || poll.options.length > POLL_OPTIONS_MAX) return { pollOption: "poll.optionsCount" };
  if (poll.options.some((option) => countGraphemes(option) > POLL_OPTION_MAX)) return { pollOption: "poll.optionTooLong" };
  if (new Set(poll.options).size < poll.options.length) return { pollOption: "poll.optionTwice" };
  if (asksToTrade(poll)) return { pollQuestion: "poll.asksToTrade" };
  return {};
}
