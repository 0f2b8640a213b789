import { useT } from "~/i18n/react";
import { POLL_OPTIONS_MAX, POLL_OPTIONS_MIN, TOPICS_MAX } from "~/format/post-limits";
import { DECLARATION_KEYS, POLL_DAYS, type ComposerPoll, type ComposerWords, type WordsChange } from "./words";

type Change = (part: WordsChange) => void;
type Errors = Record<string, string>;

export function FieldError({ errors, field }: { errors: Errors; field: string }) {
  const sentence = errors[field];
  return sentence ? (
    <p className="err" id={`${field}-error`}>
      {sentence}
    </p>
  ) : null;
}

export interface TopicChoice {
  slug: string;
  name: string;
}

const toggled = (list: string[], item: string): string[] => (list.includes(item) ? list.filter((known) => known !== item) : [...list, item]);

/** Up to three topics; the first chosen is the main one. Plain check boxes, so that they work without scripts too. */
export function TopicField({ topics, chosen, errors, change }: { topics: TopicChoice[]; chosen: string[]; errors: Errors; change: Change }) {
  const t = useT();
  const names = chosen.map((slug) => topics.find((topic) => topic.slug === slug)?.name ?? slug);
  const full = chosen.length >= TOPICS_MAX;
  return (
    <fieldset>
      <legend className="meta">
        {t("compose.topics", { max: TOPICS_MAX })}
        {names.length > 0 ? `: ${names.join(" · ")}` : ""}
      </legend>
      <div className="picks">
        {topics.map((topic) => {
          const isChosen = chosen.includes(topic.slug);
          return (
            <label key={topic.slug} className="pick">
              <input
                type="checkbox"
                name="topics"
                value={topic.slug}
                checked={isChosen}
                disabled={full && !isChosen}
                onChange={() => change((words) => ({ topics: toggled(words.topics, topic.slug) }))}
              />
              <span className="chip">{topic.name}</span>
            </label>
          );
        })}
      </div>
      <FieldError errors={errors} field="topics" />
    </fieldset>
  );
}

export function DeclarationField({ words, errors, change }: { words: ComposerWords; errors: Errors; change: Change }) {
  const t = useT();
  return (
    <fieldset className="declares">
      <legend className="meta">{t("compose.declarations")}</legend>
      <div className="picks">
        {DECLARATION_KEYS.map((key) => {
          const isChosen = words.declarations.includes(key);
          return (
            <label key={key} className="pick">
              <input
                type="checkbox"
                name="declarations"
                value={key}
                checked={isChosen}
                onChange={() => change((before) => ({ declarations: toggled(before.declarations, key) }))}
              />
              <span className="chip">{t(`post.declaration.${key}`)}</span>
            </label>
          );
        })}
      </div>
      <div className="field holds">
        <label htmlFor="holds">{t("compose.holds")}</label>
        <input className="input" id="holds" name="holds" value={words.holds} placeholder="SH510300 AAPL" autoCapitalize="characters" aria-invalid={errors.holds ? true : undefined} onChange={(event) => change({ holds: event.currentTarget.value })} />
        <FieldError errors={errors} field="holds" />
      </div>
    </fieldset>
  );
}

const padded = (options: string[], rows: number): string[] => Array.from({ length: Math.max(rows, options.length) }, (_, index) => options[index] ?? "");

/** A question with two to six answers. Rows are there from the start, so that it works without scripts. */
export function PollField({ poll, errors, ready, change }: { poll: ComposerPoll; errors: Errors; ready: boolean; change: Change }) {
  const t = useT();
  const set = (part: (before: ComposerPoll) => Partial<ComposerPoll>) => change((words) => ({ poll: { ...words.poll, ...part(words.poll) } }));
  const rows = ready ? Math.max(POLL_OPTIONS_MIN, poll.options.length) : POLL_OPTIONS_MAX;
  const options = padded(poll.options, rows);
  const problem = errors.pollQuestion ?? errors.pollOption;
  return (
    <details className="poll-field" open={poll.question !== "" || problem !== undefined || undefined}>
      <summary>{t("poll.add")}</summary>
      <div className="field">
        <label htmlFor="pollQuestion">{t("poll.question")}</label>
        <input className="input" id="pollQuestion" name="pollQuestion" value={poll.question} aria-describedby="poll-hint" aria-invalid={errors.pollQuestion ? true : undefined} onChange={({ currentTarget: { value } }) => set(() => ({ question: value }))} />
        <p className="hint" id="poll-hint">
          {t("poll.questionHint")}
        </p>
        <FieldError errors={errors} field="pollQuestion" />
      </div>
      {options.map((option, index) => (
        <div className="field" key={index}>
          <label htmlFor={`pollOption${index}`}>{t("poll.option", { count: index + 1 })}</label>
          <input
            className="input"
            id={`pollOption${index}`}
            name="pollOption"
            value={option}
            onChange={(event) => {
              const value = event.currentTarget.value;
              set((before) => ({ options: padded(before.options, rows).map((known, at) => (at === index ? value : known)) }));
            }}
          />
        </div>
      ))}
      <FieldError errors={errors} field="pollOption" />
      {ready && options.length < POLL_OPTIONS_MAX ? (
        <p>
          <button type="button" className="btn small" onClick={() => set(() => ({ options: [...options, ""] }))}>
            {t("poll.addOption")}
          </button>
        </p>
      ) : null}
      <div className="row-between">
        <label className="reason">
          <input type="checkbox" name="pollMultiple" checked={poll.multiple} onChange={() => set((before) => ({ multiple: !before.multiple }))} />
          {t("poll.multiple")}
        </label>
        <label className="meta">
          {t("poll.closes")}{" "}
          <select className="input small" name="pollDays" value={poll.days} onChange={({ currentTarget: { value } }) => set(() => ({ days: Number(value) }))}>
            {POLL_DAYS.map((days) => (
              <option key={days} value={days}>
                {t("poll.days", { count: days })}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p className="hint">{t("poll.fixed")}</p>
    </details>
  );
}
