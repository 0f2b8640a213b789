import { useEffect, useRef, useState, type RefObject } from "react";
import { IMAGE_BYTES_MAX } from "@models/media-reasons";
import { isUseless } from "~/components/media/asset";
import { addTransfer, cancelTransfer, listTransfers, type Transfer } from "~/components/media/transfers";
import { useAssets, useTransfers, type KnownAssets } from "~/components/media/use-media";
import { PICTURES_MAX } from "~/format/post-limits";
import { useT } from "~/i18n/react";
import { listPictureLines, pictureParagraph, pictureSource, placeForPicture, type PictureLine } from "./picture-lines";
import { insertQuietly } from "./text-tools";

/** What `accept` of the file inputs says; HEIC because phones keep photos so and the server can read it. */
export const PICTURE_TYPES = "image/jpeg,image/png,image/webp,image/gif,image/avif,image/heic,image/heif";

export interface Pictures {
  lines: PictureLine[];
  transfers: Transfer[];
  assets: KnownAssets;
  /** Sentences about files that were not taken. */
  notes: string[];
  add: (files: Iterable<File>) => void;
  /** Goes on with an upload that broke off; false when it is not the same file. */
  goOn: (assetId: string, file: File) => boolean;
  drop: (assetId: string) => void;
  /** What stands between the words and their publishing. */
  check: () => PicturesCheck;
  askAgain: () => void;
}

export type PicturesCheck = { kind: "ready" } | { kind: "waiting"; count: number } | { kind: "undescribed" | "refused"; index: number };

/**
 * The pictures of a composer: files that are chosen go into the transfers of this tab; as soon as the server has taken
 * one on, its line stands in the text. From then on the text alone says which pictures there are.
 */
export function usePictures({ place, body, field }: { place: string; body: string; field: RefObject<HTMLTextAreaElement> }): Pictures {
  const t = useT();
  const lines = listPictureLines(body);
  const transfers = useTransfers(place);
  const [nudge, setNudge] = useState(0);
  const [notes, setNotes] = useState<string[]>([]);
  // Nothing can have happened to an upload before this tab has sent all of it.
  const onTheWay = new Set(transfers.filter(({ phase }) => phase !== "sent").map(({ assetId }) => assetId));
  const assets = useAssets(lines.map(({ assetId }) => assetId).filter((id) => !onTheWay.has(id)), [], nudge);
  usePlacing(transfers, field);

  function add(files: Iterable<File>) {
    const said: string[] = [];
    let room = PICTURES_MAX - lines.length - transfers.filter(({ assetId, phase }) => assetId === null && phase !== "refused").length;
    for (const file of files) {
      const problem = problemOf(file, room);
      if (problem) said.push(t(`media.pic.${problem}`, { name: file.name, max: PICTURES_MAX }));
      else {
        addTransfer({ file, kind: "image", place });
        room -= 1;
      }
    }
    setNotes([...new Set(said)]);
  }

  function goOn(assetId: string, file: File): boolean {
    const asset = assets.get(assetId);
    if (!asset || asset === "gone" || asset.sizeBytes !== file.size) return false;
    addTransfer({ file, kind: "image", place, assetId });
    return true;
  }

  function check(): PicturesCheck {
    const arriving = transfers.filter(({ assetId, phase }) => assetId === null && phase !== "refused").length;
    const waiting = lines.filter(({ assetId }) => onTheWay.has(assetId) || isOnItsWay(assets, assetId)).length + arriving;
    const bad = lines.findIndex(({ assetId }) => !onTheWay.has(assetId) && isLost(assets, assetId));
    if (bad !== -1) return { kind: "refused", index: bad };
    const mute = lines.findIndex(({ alt, decorative }) => !decorative && alt.trim() === "");
    if (mute !== -1) return { kind: "undescribed", index: mute };
    return waiting > 0 ? { kind: "waiting", count: waiting } : { kind: "ready" };
  }

  function drop(assetId: string) {
    for (const transfer of transfers) if (transfer.assetId === assetId) cancelTransfer(transfer.id);
  }

  return { lines, transfers, assets, notes, add, goOn, drop, check, askAgain: () => setNudge((before) => before + 1) };
}

/** Whose line has been written: for the whole tab, so that a line taken out does not come back with the page. */
const placed = new Set<string>();

/** Writes the line of each picture into the text once, never under the hands of an input method. */
function usePlacing(transfers: Transfer[], field: RefObject<HTMLTextAreaElement>): void {
  const batch = useRef(new Set<string>());
  const composing = useRef(false);
  const arrived = transfers.flatMap(({ assetId }) => (assetId === null || placed.has(assetId) ? [] : [assetId])).join(" ");
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const target = field.current;
    const onStart = () => {
      composing.current = true;
    };
    const onEnd = () => {
      composing.current = false;
      setTurn((before) => before + 1);
    };
    target?.addEventListener("compositionstart", onStart);
    target?.addEventListener("compositionend", onEnd);
    return () => {
      target?.removeEventListener("compositionstart", onStart);
      target?.removeEventListener("compositionend", onEnd);
    };
  }, [field]);

  useEffect(() => {
    const target = field.current;
    if (arrived === "" || !target || composing.current) return;
    for (const assetId of arrived.split(" ")) {
      placed.add(assetId);
      batch.current.add(assetId);
      if (target.value.includes(`media:${assetId}`)) continue;
      const chosen = listTransfers().flatMap((transfer) => (transfer.assetId && batch.current.has(transfer.assetId) ? [transfer.assetId] : []));
      const at = placeForPicture(target.value, target.selectionEnd, assetId, chosen);
      insertQuietly(target, pictureParagraph(target.value, at, pictureSource({ assetId })), at);
    }
  }, [arrived, field, turn]);

  // The next batch goes where the cursor is then.
  const isQuiet = transfers.every(({ phase }) => phase === "sent" || phase === "refused");
  useEffect(() => {
    if (isQuiet) batch.current.clear();
  }, [isQuiet]);
}

function problemOf(file: File, room: number): "tooMany" | "empty" | "tooLarge" | "isClip" | "notAPicture" | null {
  if (file.type.startsWith("video/")) return "isClip";
  // Some systems name no type for HEIC; the server looks at the bytes anyway.
  if (!file.type.startsWith("image/") && !/\.(?:heic|heif|avif)$/i.test(file.name)) return "notAPicture";
  if (file.size === 0) return "empty";
  if (file.size > IMAGE_BYTES_MAX) return "tooLarge";
  return room <= 0 ? "tooMany" : null;
}

function isOnItsWay(assets: KnownAssets, assetId: string): boolean {
  const asset = assets.get(assetId);
  return asset === undefined || (asset !== "gone" && (asset.state === "uploading" || asset.state === "checking" || asset.state === "poster"));
}

function isLost(assets: KnownAssets, assetId: string): boolean {
  const asset = assets.get(assetId);
  return asset === "gone" || (asset !== undefined && (isUseless(asset) || asset.state === "removed"));
}
