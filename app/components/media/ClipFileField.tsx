import { useLayoutEffect, useRef } from "react";
import { FileButton, GoOn } from "~/components/compose/PictureField";
import { VIDEO_BYTES_MAX, VIDEO_SEC_MAX } from "@models/media-reasons";
import { useLocale, useT } from "~/i18n/react";
import type { AssetView } from "./asset";
import { AssetState } from "./AssetState";
import { formatBytes, formatDuration } from "./transfer-words";
import { TransferLine } from "./TransferLine";
import { stopLoading } from "./stop-loading";
import type { ClipFile } from "./use-clip-file";

interface Props {
  file: ClipFile;
  ready: boolean;
  unfinished: AssetView[];
  mayReplace: boolean;
  error: string | undefined;
  /** Goes on with an upload of an earlier visit. */
  onTake: (assetId: string) => void;
}

/** The video of a clip: chosen or recorded, seen at once, and how far it has come. */
export function ClipFileField({ file, ready, unfinished, mayReplace, error, onTake }: Props) {
  const t = useT();
  const { local, transfer, asset } = file;
  const isEmpty = !local && !asset;
  return (
    <section className="clip-file" aria-label={t("media.clip.file")}>
      {local ? <LocalVideo url={local.url} /> : null}
      {!local && asset && asset !== "gone" && asset.posterUrl ? <img className="clip-preview" src={asset.posterUrl} alt="" /> : null}
      {local ? <Facts file={file} /> : null}
      {transfer && transfer.phase !== "sent" ? (
        <TransferLine transfer={transfer} onCancel={file.drop} />
      ) : asset === "gone" ? (
        <p className="err">{t("media.clip.gone")}</p>
      ) : asset ? (
        asset.state === "uploading" && !transfer ? <GoOn asset={asset} onFile={file.goOn} /> : <AssetState asset={asset} onAsk={file.askAgain} />
      ) : null}
      <Problem file={file} />
      {error ? <p className="err">{error}</p> : null}
      {ready && (mayReplace || isEmpty) ? (
        <p className="pick-files">
          <FileButton label={t(isEmpty ? "media.clip.choose" : "media.clip.chooseOther")} accept="video/*" primary={isEmpty} onPick={([chosen]) => chosen && file.choose(chosen)} />
          <span className="camera">
            <FileButton label={t("media.clip.record")} accept="video/*" capture onPick={([chosen]) => chosen && file.choose(chosen)} />
          </span>
          <span className="hint">{t("media.clip.limits", { minutes: VIDEO_SEC_MAX / 60, megabytes: VIDEO_BYTES_MAX / 1024 / 1024 })}</span>
        </p>
      ) : null}
      {isEmpty ? unfinished.map((broken) => <Unfinished key={broken.id} asset={broken} onTake={onTake} />) : null}
    </section>
  );
}

/** Lets go of the address before whoever made it does. */
function LocalVideo({ url }: { url: string }) {
  const player = useRef<HTMLVideoElement>(null);
  useLayoutEffect(() => {
    const video = player.current;
    if (!video) return;
    video.src = url;
    return () => stopLoading(video);
  }, [url]);
  return <video ref={player} className="clip-preview" controls playsInline muted preload="metadata" />;
}

function Facts({ file: { local } }: { file: ClipFile }) {
  const t = useT();
  const locale = useLocale();
  if (!local) return null;
  const { durationSec } = local.facts;
  return (
    <p className="meta num">
      {local.file.name} · {formatBytes(local.file.size, locale)}
      {durationSec === null ? ` · ${t("media.clip.unplayable")}` : ` · ${formatDuration(durationSec)}`}
    </p>
  );
}

function Problem({ file: { problem } }: { file: ClipFile }) {
  const t = useT();
  return (
    <div aria-live="polite">
      {problem ? <p className="err">{t(`media.clip.problem.${problem.kind}`, { name: problem.name, minutes: VIDEO_SEC_MAX / 60, megabytes: VIDEO_BYTES_MAX / 1024 / 1024, duration: formatDuration(problem.durationSec ?? 0) })}</p> : null}
    </div>
  );
}

function Unfinished({ asset, onTake }: { asset: AssetView; onTake: (assetId: string) => void }) {
  const t = useT();
  const locale = useLocale();
  return (
    <p className="note">
      {t("media.clip.unfinished", { name: asset.fileName, sent: formatBytes(asset.offset ?? 0, locale), size: formatBytes(asset.sizeBytes, locale) })}{" "}
      <button type="button" className="text-btn link" onClick={() => onTake(asset.id)}>
        {t("media.clip.takeUp")}
      </button>
    </p>
  );
}
