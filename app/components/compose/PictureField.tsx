import { useEffect, useId, useRef, useState, type RefObject } from "react";
import { Icon } from "~/components/ui/Icon";
import type { AssetView } from "~/components/media/asset";
import { AssetButton } from "~/components/media/AssetState";
import { LocalThumb } from "~/components/media/LocalThumb";
import { formatBytes } from "~/components/media/transfer-words";
import { TransferLine } from "~/components/media/TransferLine";
import { cancelTransfer, type Transfer } from "~/components/media/transfers";
import { useLocale, useT } from "~/i18n/react";
import { describePicture, removePicture, swapPictures, type PictureLine } from "./picture-lines";
import { PICTURE_TYPES, type Pictures } from "./use-pictures";

/**
 * The pictures of a text, in its order: what each shows, how far it has come, and what can be done about it. The text
 * below is the only place where they are kept; everything here reads it and writes it.
 */
export function PictureField({ pictures, body, onPick, onBody }: { pictures: Pictures; body: string; onPick: (files: Iterable<File>) => void; onBody: (body: string) => void }) {
  const t = useT();
  const { lines, transfers, notes } = pictures;
  const arriving = transfers.filter(({ assetId, phase }) => phase !== "sent" && (assetId === null || !lines.some((line) => line.assetId === assetId)));

  const section = useRef<HTMLElement>(null);
  const follow = useFollowingFocus(section, body);

  function remove(line: PictureLine, at: number) {
    pictures.drop(line.assetId);
    onBody(removePicture(body, at));
    follow(lines.length > 1 ? [{ at: Math.min(at, lines.length - 2), act: "remove" }] : [{ at: -1, act: "add" }]);
  }

  function move(at: number, by: 1 | -1) {
    onBody(swapPictures(body, at, at + by));
    // At the end of the list the button that was pressed can do no more.
    follow([{ at: at + by, act: by === 1 ? "down" : "up" }, { at: at + by, act: by === 1 ? "up" : "down" }]);
  }

  return (
    <section ref={section} className="pictures" aria-label={t("media.pic.title")}>
      {lines.map((line, at) => (
        <PictureRow
          key={`${line.assetId}${at}`}
          line={line}
          at={at}
          count={lines.length}
          pictures={pictures}
          onSay={(said) => onBody(describePicture(body, at, said))}
          onMove={(by) => move(at, by)}
          onRemove={() => remove(line, at)}
        />
      ))}
      {arriving.map((transfer) => (
        <figure className="picture-row" key={transfer.id}>
          <span className="thumb">
            <LocalThumb file={transfer.file} />
          </span>
          <div>
            <p className="picture-name">{transfer.file.name}</p>
            <TransferLine transfer={transfer} onCancel={cancelTransfer} />
          </div>
        </figure>
      ))}
      <div aria-live="polite">
        {notes.map((note) => (
          <p className="err" key={note}>
            {note}
          </p>
        ))}
      </div>
      <PickButtons onPick={onPick} hasPictures={lines.length > 0} />
    </section>
  );
}

/** One of the buttons of a row, or the one below all rows. */
interface ActPlace {
  at: number;
  act: "up" | "down" | "remove" | "add";
}

/** A keyboard stays with the picture it has moved, and near the one it has removed: the first of the places that can be pressed. */
function useFollowingFocus(section: RefObject<HTMLElement>, body: string): (places: ActPlace[]) => void {
  const wanted = useRef<ActPlace[]>([]);
  useEffect(() => {
    const targets = wanted.current.map(({ at, act }) => section.current?.querySelector<HTMLElement>(act === "add" ? ".pick-files input" : `[data-act="${act} ${at}"]:enabled`));
    wanted.current = [];
    targets.find((target) => target)?.focus();
  }, [body, section]);
  return (places) => {
    wanted.current = places;
  };
}

/** Files from the folder, or a photo taken now; the second is offered where there is a finger and so, most likely, a camera. */
function PickButtons({ onPick, hasPictures }: { onPick: (files: Iterable<File>) => void; hasPictures: boolean }) {
  const t = useT();
  return (
    <p className="pick-files">
      <FileButton label={t(hasPictures ? "media.pic.addMore" : "media.pic.add")} accept={PICTURE_TYPES} multiple onPick={onPick} />
      <span className="camera">
        <FileButton label={t("media.pic.camera")} accept="image/*" capture onPick={onPick} />
      </span>
      <span className="hint">{t("media.pic.hint")}</span>
    </p>
  );
}

export function FileButton({ label, accept, multiple, capture, primary, onPick }: { label: string; accept: string; multiple?: boolean; capture?: boolean; primary?: boolean; onPick: (files: File[]) => void }) {
  return (
    <label className={primary ? "btn primary file-btn" : "btn small file-btn"}>
      <input
        type="file"
        className="vh"
        accept={accept}
        multiple={multiple}
        capture={capture ? "environment" : undefined}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          // Choosing the same file again must be a change again.
          event.currentTarget.value = "";
          if (files.length > 0) onPick(files);
        }}
      />
      {label}
    </label>
  );
}

interface RowProps {
  line: PictureLine;
  at: number;
  count: number;
  pictures: Pictures;
  onSay: (said: { alt: string; decorative: boolean }) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}

function PictureRow({ line, at, count, pictures, onSay, onMove, onRemove }: RowProps) {
  const t = useT();
  const id = useId();
  const { assetId, alt, decorative } = line;
  const transfer = pictures.transfers.find((known) => known.assetId === assetId);
  const asset = pictures.assets.get(assetId);
  return (
    <figure className="picture-row">
      <span className="thumb">
        {transfer ? <LocalThumb file={transfer.file} /> : asset && asset !== "gone" && asset.posterUrl ? <img src={asset.posterUrl} alt="" width={104} height={78} loading="lazy" /> : null}
      </span>
      <div>
        <div className="field">
          <label htmlFor={id}>
            {t("media.pic.alt", { index: at + 1 })}
          </label>
          <input className="input" id={id} data-picture-alt={at} value={decorative ? "" : alt} disabled={decorative} maxLength={300} placeholder={t(decorative ? "media.pic.decorativeAlt" : "media.pic.altPlaceholder")} onChange={(event) => onSay({ alt: event.currentTarget.value, decorative: false })} />
        </div>
        <label className="reason decorative">
          <input type="checkbox" checked={decorative} onChange={() => onSay({ alt: decorative ? alt : "", decorative: !decorative })} />
          {t("media.pic.decorative")}
        </label>
        {transfer && transfer.phase !== "sent" ? <TransferLine transfer={transfer} onCancel={onRemove} /> : <StateOf asset={asset} transfer={transfer} pictures={pictures} assetId={assetId} />}
        <p className="picture-acts">
          <button type="button" className="act-btn" data-act={`up ${at}`} disabled={at === 0} onClick={() => onMove(-1)}>
            {t("media.pic.up")}
          </button>
          <button type="button" className="act-btn" data-act={`down ${at}`} disabled={at === count - 1} onClick={() => onMove(1)}>
            {t("media.pic.down")}
          </button>
          <button type="button" className="act-btn" data-act={`remove ${at}`} onClick={onRemove} aria-label={t("media.pic.removeNamed", { index: at + 1 })}>
            <Icon name="close" />
            {t("media.pic.remove")}
          </button>
        </p>
      </div>
    </figure>
  );
}

function StateOf({ asset, transfer, pictures, assetId }: { asset: AssetView | "gone" | undefined; transfer: Transfer | undefined; pictures: Pictures; assetId: string }) {
  const t = useT();
  if (asset === "gone") return <p className="err">{t("media.pic.gone")}</p>;
  if (asset === undefined) return <p className="meta">{t("media.pic.asking")}</p>;
  if (asset.state === "uploading") return transfer ? <p className="meta">{t("media.pic.asking")}</p> : <GoOn asset={asset} onFile={(file) => pictures.goOn(assetId, file)} />;
  if (asset.state === "rejected") return <p className="err">{asset.reasonText ?? asset.stateText}</p>;
  if (asset.state === "failed")
    return (
      <div className="transfer">
        <p className="err">{t("media.pic.failed")}</p>
        {asset.retryable ? <AssetButton asset={asset} intent="retry" label={t("media.transfer.again")} onDone={pictures.askAgain} /> : null}
      </div>
    );
  if (asset.state === "review") return <p className="meta">{t("media.pic.review")}</p>;
  return (
    <p className="meta" role="status">
      {t(asset.state === "ready" ? "media.pic.ready" : "media.pic.checking")}
    </p>
  );
}

/** An upload that broke off: the server says how much it has, and the same file goes on from there. */
export function GoOn({ asset, onFile }: { asset: AssetView; onFile: (file: File) => boolean }) {
  const t = useT();
  const locale = useLocale();
  const [other, setOther] = useState(false);
  const sizes = { sent: formatBytes(asset.offset ?? 0, locale), size: formatBytes(asset.sizeBytes, locale), name: asset.fileName };
  return (
    <div className="transfer">
      <progress max={asset.sizeBytes} value={asset.offset ?? 0} aria-label={t("media.transfer.progress", { name: asset.fileName })} />
      <p className="meta num">{t("media.transfer.broken", sizes)}</p>
      {other ? <p className="err">{t("media.transfer.otherFile", sizes)}</p> : null}
      <p className="transfer-acts">
        <FileButton label={t("media.transfer.chooseSame")} accept={asset.kind === "video" ? "video/*" : PICTURE_TYPES} onPick={([file]) => setOther(file ? !onFile(file) : false)} />
      </p>
    </div>
  );
}
