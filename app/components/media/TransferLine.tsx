import { useLocale, useT } from "~/i18n/react";
import { formatBytes, secondsLeft } from "./transfer-words";
import { cancelTransfer, pauseTransfer, resumeTransfer, type Transfer } from "./transfers";

/** How far a file has come, in words and as a bar, with what can be done about it. */
export function TransferLine({ transfer, onCancel = cancelTransfer }: { transfer: Transfer; onCancel?: (id: string) => void }) {
  const t = useT();
  const locale = useLocale();
  const { id, phase, file, sentBytes } = transfer;
  const shown = { sent: formatBytes(sentBytes, locale), size: formatBytes(file.size, locale) };
  const isGoing = phase === "sending" || phase === "retrying" || phase === "queued";
  return (
    <div className="transfer">
      {phase === "refused" || phase === "sent" ? null : (
        <progress max={file.size} value={sentBytes} aria-label={t("media.transfer.progress", { name: file.name })} />
      )}
      <p className={phase === "refused" ? "err" : "meta num"} role={phase === "sending" ? undefined : "status"}>
        {phase === "refused" ? (transfer.problem ?? t("media.transfer.refused")) : phase === "sending" ? <Speed transfer={transfer} /> : t(`media.transfer.${phase}`, shown)}
      </p>
      {phase === "sent" ? null : (
        <p className="transfer-acts">
          {isGoing ? (
            <button type="button" className="btn small" onClick={() => pauseTransfer(id)}>
              {t("media.transfer.pause")}
            </button>
          ) : (
            <button type="button" className="btn small" onClick={() => resumeTransfer(id)}>
              {t(phase === "refused" ? "media.transfer.again" : "media.transfer.resume")}
            </button>
          )}
          <button type="button" className="btn small quiet" onClick={() => onCancel(id)}>
            {t("media.transfer.cancel")}
          </button>
        </p>
      )}
    </div>
  );
}

function Speed({ transfer: { sentBytes, file, bytesPerSec } }: { transfer: Transfer }) {
  const t = useT();
  const locale = useLocale();
  const left = secondsLeft({ sentBytes, sizeBytes: file.size, bytesPerSec });
  const parts = [
    t("media.transfer.sending", { sent: formatBytes(sentBytes, locale), size: formatBytes(file.size, locale) }),
    bytesPerSec === null ? "" : t("media.transfer.speed", { speed: formatBytes(bytesPerSec, locale) }),
    left === null || left < 1 ? "" : left < 90 ? t("media.transfer.secondsLeft", { count: left }) : t("media.transfer.minutesLeft", { count: Math.round(left / 60) }),
  ];
  return <>{parts.filter((part) => part !== "").join(" · ")}</>;
}
