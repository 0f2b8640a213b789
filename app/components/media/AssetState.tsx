import { useRef, useState } from "react";
import { sendForm } from "~/components/compose/send";
import { useT } from "~/i18n/react";
import { isUseless, isMoving, type AssetView } from "./asset";

/** Where an upload stands after its last byte: in words, as a bar while something is made of it, and with the way on. */
export function AssetState({ asset, onAsk }: { asset: AssetView; onAsk: () => void }) {
  const t = useT();
  return (
    <div className="transfer">
      {isMoving(asset) ? <progress max={100} value={asset.progress > 0 ? asset.progress : undefined} aria-label={t("media.list.working", { name: asset.fileName })} /> : null}
      <p className={isUseless(asset) ? "err" : "meta"}>
        <span role="status">{asset.reasonText ? t("media.list.because", { state: asset.stateText, reason: asset.reasonText }) : asset.stateText}</span>
        {/* The bar says it to screen readers; told anew every two seconds it would drown everything else. */}
        {isMoving(asset) && asset.progress > 0 ? <span className="num" aria-hidden="true">{` · ${asset.progress} %`}</span> : null}
      </p>
      {asset.retryable ? <AssetButton asset={asset} intent="retry" label={t("media.transfer.again")} onDone={onAsk} /> : null}
    </div>
  );
}

interface ButtonProps {
  asset: AssetView;
  intent: "retry" | "cancel" | "remove";
  label: string;
  quiet?: boolean;
  onDone: () => void;
}

/** Asks something of an asset by its own address, and says when it was refused. Stands inside the forms of composers. */
export function AssetButton({ asset, intent, label, quiet, onDone }: ButtonProps) {
  const { failed, press } = useAssetIntent({ asset, intent, onDone });
  return (
    <>
      {failed ? <p className="err">{failed}</p> : null}
      <button type="button" className={quiet ? "btn small quiet" : "btn small"} aria-label={`${label}: ${asset.fileName}`} onClick={() => void press()}>
        {label}
      </button>
    </>
  );
}

/** The same as a form of its own, which works without scripts too. */
export function AssetForm({ asset, intent, label, quiet, onDone }: ButtonProps) {
  const { failed, press } = useAssetIntent({ asset, intent, onDone });
  return (
    <form
      method="post"
      action={`/media/assets/${asset.id}`}
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        void press();
      }}
    >
      <input type="hidden" name="intent" value={intent} />
      {failed ? <p className="err">{failed}</p> : null}
      <button className={quiet ? "btn small quiet" : "btn small"} aria-label={`${label}: ${asset.fileName}`}>
        {label}
      </button>
    </form>
  );
}

function useAssetIntent({ asset, intent, onDone }: Pick<ButtonProps, "asset" | "intent" | "onDone">) {
  const t = useT();
  const [failed, setFailed] = useState<string | null>(null);
  const busy = useRef(false);

  async function press() {
    if (busy.current) return;
    busy.current = true;
    const answer = await sendForm<unknown>(`/media/assets/${asset.id}`, new URLSearchParams({ intent }));
    busy.current = false;
    setFailed(answer.kind === "refused" ? answer.refusal.error : answer.kind === "offline" ? t("media.transfer.noNetwork") : null);
    if (answer.kind === "done") onDone();
  }
  return { failed, press };
}
