import { Link } from "@remix-run/react";
import { useEffect, useState } from "react";
import { GoOn } from "~/components/compose/PictureField";
import { Time } from "~/components/ui/Time";
import { useLocale, useT } from "~/i18n/react";
import { isUseless, type AssetView } from "./asset";
import { AssetForm, AssetState } from "./AssetState";
import { LocalThumb } from "./LocalThumb";
import { formatBytes, formatDuration } from "./transfer-words";
import { TransferLine } from "./TransferLine";
import { addTransfer, type Transfer } from "./transfers";
import { useAssets, useTransfers } from "./use-media";

/** Everything one has uploaded, and where each thing stands; what moves is asked about while somebody looks. */
export function MediaList({ items }: { items: AssetView[] }) {
  const [nudge, setNudge] = useState(0);
  const [removed, setRemoved] = useState<ReadonlySet<string>>(new Set());
  const transfers = useTransfers();
  const sentCount = transfers.filter(({ phase }) => phase === "sent").length;
  // What this tab has just finished sending is something else by now.
  useEffect(() => setNudge((before) => before + 1), [sentCount]);
  const known = useAssets(items.map(({ id }) => id), items, nudge);
  const listed = new Set(items.map(({ id }) => id));
  const arriving = transfers.filter(({ assetId, phase }) => phase !== "sent" && (assetId === null || !listed.has(assetId)));
  return (
    <ul className="media-list">
      {arriving.map((transfer) => (
        <li key={transfer.id}>
          <Thumb transfer={transfer} asset={null} />
          <div>
            <p className="picture-name">{transfer.file.name}</p>
            <TransferLine transfer={transfer} />
          </div>
        </li>
      ))}
      {items.map((item) => {
        const asset = known.get(item.id) ?? item;
        if (asset === "gone" || removed.has(item.id)) return null;
        const transfer = transfers.find(({ assetId, phase }) => assetId === item.id && phase !== "sent") ?? null;
        return <MediaRow key={item.id} asset={asset} transfer={transfer} onAsk={() => setNudge((before) => before + 1)} onRemoved={() => setRemoved((before) => new Set([...before, item.id]))} />;
      })}
    </ul>
  );
}

function MediaRow({ asset, transfer, onAsk, onRemoved }: { asset: AssetView; transfer: Transfer | null; onAsk: () => void; onRemoved: () => void }) {
  const t = useT();

  function goOn(file: File): boolean {
    if (file.size !== asset.sizeBytes) return false;
    addTransfer({ file, kind: asset.kind, place: "media", assetId: asset.id });
    return true;
  }

  return (
    <li>
      <Thumb transfer={transfer} asset={asset} />
      <div>
        <p className="picture-name">{asset.fileName || t(`media.list.${asset.kind}`)}</p>
        <Facts asset={asset} />
        {transfer ? <TransferLine transfer={transfer} /> : asset.state === "uploading" ? <GoOn asset={asset} onFile={goOn} /> : <State asset={asset} onAsk={onAsk} />}
        <div className="transfer-acts">
          {asset.postId ? (
            <Link className="btn small" to={asset.kind === "video" ? `/clips/${asset.postId}` : `/posts/${asset.postId}`}>
              {t(asset.kind === "video" ? "media.list.seeClip" : "media.list.seePost")}
            </Link>
          ) : transfer ? null : (
            <Remove asset={asset} onRemoved={onRemoved} />
          )}
          {asset.postId && asset.kind === "video" ? (
            isUseless(asset) ? (
              <Link className="btn small" to={`/clips/${asset.postId}/edit`}>
                {t("media.standing.otherFile")}
              </Link>
            ) : (
              <Link className="btn small quiet" to={`/clips/${asset.postId}/captions`}>
                {t("media.captions.open")}
              </Link>
            )
          ) : null}
          {!asset.postId && asset.kind === "video" && !isUseless(asset) ? (
            <Link className="btn small" to={`/clips/new?media=${asset.id}`}>
              {t("media.list.publish")}
            </Link>
          ) : null}
        </div>
      </div>
    </li>
  );
}

/** The state without the button of composers: here a retry is a form that works without scripts. */
function State({ asset, onAsk }: { asset: AssetView; onAsk: () => void }) {
  const t = useT();
  return (
    <>
      <AssetState asset={{ ...asset, retryable: false }} onAsk={onAsk} />
      {asset.retryable ? (
        <div className="transfer-acts">
          <AssetForm asset={asset} intent="retry" label={t("media.transfer.again")} onDone={onAsk} />
        </div>
      ) : null}
    </>
  );
}

/** Removing deletes the file, so it asks once; an upload on its way is only broken off. */
function Remove({ asset, onRemoved }: { asset: AssetView; onRemoved: () => void }) {
  const t = useT();
  const [sure, setSure] = useState(false);
  const [ready, setReady] = useState(false);
  useEffect(() => setReady(true), []);
  const isUpload = asset.state === "uploading";
  if (ready && !sure && !isUpload) {
    return (
      <button type="button" className="btn small quiet" aria-label={`${t("media.pic.remove")}: ${asset.fileName}`} onClick={() => setSure(true)}>
        {t("media.pic.remove")}
      </button>
    );
  }
  return (
    <>
      {sure ? <p className="meta">{t("media.list.removeSure")}</p> : null}
      <AssetForm asset={asset} intent={isUpload ? "cancel" : "remove"} label={t(isUpload ? "media.list.forget" : sure ? "media.list.removeNow" : "media.pic.remove")} quiet={!sure} onDone={onRemoved} />
      {sure ? (
        <button type="button" className="btn small quiet" onClick={() => setSure(false)}>
          {t("media.list.keep")}
        </button>
      ) : null}
    </>
  );
}

function Thumb({ asset, transfer }: { asset: AssetView | null; transfer: Transfer | null }) {
  return (
    <span className="thumb">
      {asset?.posterUrl ? <img src={asset.posterUrl} alt={asset.alt} width={104} height={78} loading="lazy" /> : transfer?.kind === "image" ? <LocalThumb file={transfer.file} /> : <span className="thumb-name">{extensionOf(asset?.fileName ?? transfer?.file.name ?? "")}</span>}
    </span>
  );
}

function extensionOf(name: string): string {
  return /\.(\w{1,5})$/.exec(name)?.[1]?.toUpperCase() ?? "";
}

function Facts({ asset }: { asset: AssetView }) {
  const locale = useLocale();
  const { width, height, durationSec, sizeBytes } = asset;
  return (
    <p className="meta num">
      {[formatBytes(sizeBytes, locale), width && height ? `${width} × ${height}` : "", durationSec ? formatDuration(durationSec) : ""].filter((part) => part !== "").join(" · ")}
      {" · "}
      <Time iso={asset.createdAt} />
    </p>
  );
}
