import { Link } from "@remix-run/react";
import { useRef, useState, type ClipboardEvent, type DragEvent, type KeyboardEvent, type RefObject } from "react";
import { Icon } from "~/components/ui/Icon";
import { useT } from "~/i18n/react";
import { optionId, SuggestionList, useSuggestions, type Suggestion } from "./Suggestions";
import { applyTool, askedAt, insert, type Asked, type Tool } from "./text-tools";
import { PICTURE_TYPES } from "./use-pictures";

const TOOLS: readonly { tool: Tool; face: string; className?: string }[] = [
  { tool: "bold", face: "B", className: "strong" },
  { tool: "italic", face: "I", className: "slant" },
  { tool: "heading", face: "H" },
  { tool: "quote", face: "❝" },
  { tool: "list", face: "•" },
  { tool: "numbered", face: "1." },
];

/**
 * The text with its buttons. While an input method composes (pinyin, kana) no shortcut and no suggestion acts: its Enter
 * and its arrows belong to it.
 */
export function BodyField({ field, value, ready, hidden, invalid, onChange, onTogglePreview, onFiles }: {
  field: RefObject<HTMLTextAreaElement>;
  value: string;
  /** Scripts are running; without them the buttons would be dead, so a line about Markdown stands in their place. */
  ready: boolean;
  hidden: boolean;
  invalid: boolean;
  onChange: (value: string) => void;
  onTogglePreview: () => void;
  /** Files chosen, pasted or dropped; left out where a text has no pictures. */
  onFiles?: (files: File[]) => void;
}) {
  const t = useT();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [active, setActive] = useState(0);
  const composing = useRef(false);
  const items = useSuggestions(asked);
  const isOpen = asked !== null && items.length > 0;

  function look(target: HTMLTextAreaElement) {
    setActive(0);
    setAsked(composing.current || target.selectionStart !== target.selectionEnd ? null : askedAt(target.value, target.selectionStart));
  }

  function pick(item: Suggestion) {
    const target = field.current;
    if (!target || !asked) return;
    insert(target, item.insert, asked.from, target.selectionStart);
    setAsked(null);
  }

  function use(tool: Tool) {
    if (!field.current) return;
    applyTool(field.current, tool, {
      bold: t("compose.sample.bold"),
      italic: t("compose.sample.italic"),
      heading: t("compose.sample.heading"),
      quote: t("compose.sample.quote"),
      item: t("compose.sample.item"),
      link: t("compose.sample.link"),
      columnA: t("compose.sample.columnA"),
      columnB: t("compose.sample.columnB"),
    });
  }

  function onPaste(event: ClipboardEvent<HTMLTextAreaElement>) {
    const files = [...event.clipboardData.files];
    // Office programs put a picture of the text beside the text; then the text is meant.
    if (!onFiles || files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    onFiles(files);
  }

  function onDrop(event: DragEvent<HTMLTextAreaElement>) {
    const files = [...event.dataTransfer.files];
    if (!onFiles || files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.nativeEvent.isComposing || composing.current) return;
    if (isOpen) {
      const chosen = items[active];
      if (event.key === "Escape") return swallow(event, () => setAsked(null));
      if (event.key === "ArrowDown") return swallow(event, () => setActive((active + 1) % items.length));
      if (event.key === "ArrowUp") return swallow(event, () => setActive((active + items.length - 1) % items.length));
      if ((event.key === "Enter" || event.key === "Tab") && chosen) return swallow(event, () => pick(chosen));
    }
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (event.key === "b") swallow(event, () => use("bold"));
    if (event.key === "i") swallow(event, () => use("italic"));
    if (event.key === "k") swallow(event, () => use("link"));
  }

  return (
    <>
      <div className="tools" role="group" aria-label={t("compose.tools")}>
        {ready ? (
          <>
            <div className="tool-row">
              {hidden ? null : (
                <>
                  {TOOLS.map(({ tool, face, className }) => (
                    <button key={tool} type="button" className={className ? `tool ${className}` : "tool"} aria-label={t(`compose.tool.${tool}`)} title={t(`compose.tool.${tool}`)} onClick={() => use(tool)}>
                      {face}
                    </button>
                  ))}
                  <button type="button" className="tool" onClick={() => use("table")}>
                    {t("compose.tool.table")}
                  </button>
                  <button type="button" className="tool" onClick={() => use("link")}>
                    {t("compose.tool.link")}
                  </button>
                  <button type="button" className="tool" onClick={() => use("ticker")}>
                    {t("compose.tool.ticker")}
                  </button>
                  <button type="button" className="tool" aria-label={t("compose.tool.mention")} onClick={() => use("mention")}>
                    @
                  </button>
                  {onFiles ? <PictureTool onFiles={onFiles} /> : null}
                </>
              )}
            </div>
            <button type="button" className="btn small" aria-pressed={hidden} onClick={onTogglePreview}>
              {t("compose.preview")}
            </button>
          </>
        ) : (
          <p className="hint">{t("compose.markdownHint")}</p>
        )}
      </div>
      <div hidden={hidden}>
        <label className="vh" htmlFor="body">
          {t("compose.body")}
        </label>
        <textarea
          ref={field}
          id="body"
          name="body"
          className="write"
          rows={14}
          value={value}
          placeholder={t("compose.bodyPlaceholder")}
          aria-invalid={invalid || undefined}
          aria-describedby="body-count"
          aria-autocomplete="list"
          aria-controls={isOpen ? "suggestions" : undefined}
          aria-activedescendant={isOpen ? optionId(active) : undefined}
          onChange={(event) => {
            onChange(event.currentTarget.value);
            look(event.currentTarget);
          }}
          onSelect={(event) => look(event.currentTarget)}
          onBlur={() => setAsked(null)}
          onCompositionStart={() => {
            composing.current = true;
            setAsked(null);
          }}
          onCompositionEnd={(event) => {
            composing.current = false;
            look(event.currentTarget);
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onDrop={onDrop}
        />
        {isOpen ? <SuggestionList items={items} active={active} onPick={pick} /> : null}
      </div>
    </>
  );
}

/** A picture into the text; a video becomes a post of its own. */
function PictureTool({ onFiles }: { onFiles: (files: File[]) => void }) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className="tool" aria-label={t("media.pic.tool")} title={t("media.pic.tool")} onClick={() => input.current?.click()}>
        <Icon name="picture" />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={PICTURE_TYPES}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
      <Link className="tool" to="/clips/new" aria-label={t("media.clip.tool")} title={t("media.clip.tool")}>
        <Icon name="clip" />
      </Link>
    </>
  );
}

function swallow(event: KeyboardEvent, act: () => void): void {
  event.preventDefault();
  act();
}
