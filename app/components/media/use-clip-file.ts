import { useEffect, useRef, useState } from "react";
import { readVideoFacts, videoProblem, type VideoFacts, type VideoProblem } from "./video-facts";
import type { AssetView } from "./asset";
import { addTransfer, cancelTransfer, type Transfer } from "./transfers";
import { useAssets, useTransfers } from "./use-media";

export interface ClipFile {
  /** Chosen in this tab: shown at once, whatever the network does. */
  local: { file: File; url: string; facts: VideoFacts } | null;
  problem: { kind: VideoProblem; name: string; durationSec: number | null } | null;
  transfer: Transfer | null;
  /** What the server knows of it; null while it is being sent from here. */
  asset: AssetView | "gone" | null;
  choose: (file: File) => void;
  goOn: (file: File) => boolean;
  /** Forgets the file, here and there. */
  drop: () => void;
  askAgain: () => void;
}

interface Options {
  place: string;
  assetId: string | null;
  /** Guests look at their clip; it is sent once they have logged in. */
  maySend: boolean;
  given: AssetView | null;
  onAsset: (assetId: string | null) => void;
}

/** The one video of a clip's composer: chosen, looked at, sent, and followed until it can be played. */
export function useClipFile({ place, assetId, maySend, given, onAsset }: Options): ClipFile {
  const [local, setLocal] = useState<ClipFile["local"]>(null);
  const [problem, setProblem] = useState<ClipFile["problem"]>(null);
  const [nudge, setNudge] = useState(0);
  const transfer = useTransfers(place).at(-1) ?? null;
  const isSending = transfer !== null && transfer.phase !== "sent";
  const asset = useAssets(assetId && !isSending ? [assetId] : [], given ? [given] : [], nudge).get(assetId ?? "") ?? null;
  const newest = useRef(0);

  useEffect(() => () => void (local && URL.revokeObjectURL(local.url)), [local]);

  // As soon as the server has taken it on, the words know which video they go with.
  const sentAs = transfer?.assetId ?? null;
  const report = useRef(onAsset);
  report.current = onAsset;
  useEffect(() => {
    if (sentAs) report.current(sentAs);
  }, [sentAs]);

  // Chosen by a guest, who has logged in since.
  const waiting = local !== null && transfer === null && assetId === null;
  useEffect(() => {
    if (maySend && waiting && local) addTransfer({ file: local.file, kind: "video", place });
  }, [maySend, waiting, local, place]);

  async function choose(file: File) {
    const turn = (newest.current += 1);
    setProblem(null);
    const url = URL.createObjectURL(file);
    const facts = await readVideoFacts(url);
    const kind = videoProblem(file, facts);
    if (turn !== newest.current || kind) {
      URL.revokeObjectURL(url);
      if (kind) setProblem({ kind, name: file.name, durationSec: facts.durationSec });
      return;
    }
    if (transfer) cancelTransfer(transfer.id);
    report.current(null);
    setLocal({ file, url, facts });
    if (maySend) addTransfer({ file, kind: "video", place });
  }

  function goOn(file: File): boolean {
    if (!asset || asset === "gone" || asset.sizeBytes !== file.size) return false;
    setLocal({ file, url: URL.createObjectURL(file), facts: { durationSec: null, width: null, height: null } });
    addTransfer({ file, kind: "video", place, assetId: asset.id });
    return true;
  }

  function drop() {
    newest.current += 1;
    if (transfer) cancelTransfer(transfer.id);
    setLocal(null);
    setProblem(null);
    report.current(null);
  }

  return { local, problem, transfer, asset, choose: (file) => void choose(file), goOn, drop, askAgain: () => setNudge((before) => before + 1) };
}
