import { useState } from "react";
import { useT } from "~/i18n/react";

export interface FlashNotice {
  /** Locale key of the sentence. */
  key: string;
  params?: Record<string, string | number>;
  tone?: "good" | "bad";
}

/** One sentence about what the last request did. It stays until it is closed: nothing disappears while somebody reads. */
export function Flash({ notice }: { notice: FlashNotice }) {
  const t = useT();
  const [open, setOpen] = useState(true);
  if (!open) return null;
  return (
    <div className="toast" role={notice.tone === "bad" ? "alert" : "status"}>
      <span>{t(notice.key, notice.params)}</span>
      <button type="button" onClick={() => setOpen(false)} aria-label={t("common.close")}>
        ✕
      </button>
    </div>
  );
}
