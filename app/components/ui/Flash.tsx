import { useState } from "react";
import { useT } from "~/i18n/react";

export interface FlashNotice {
  /** The sentence, in the reader's language. */
  text: string;
  tone: "good" | "warn" | "bad";
}

/** One sentence about what the last request did. It stays until it is closed: nothing disappears while somebody reads. */
export function Flash({ notice }: { notice: FlashNotice }) {
  const t = useT();
  const [open, setOpen] = useState(true);
  if (!open) return null;
  return (
    <div className="toast" role={notice.tone === "good" ? "status" : "alert"}>
      <span>{notice.text}</span>
      <button type="button" onClick={() => setOpen(false)} aria-label={t("common.close")}>
        ✕
      </button>
    </div>
  );
}
