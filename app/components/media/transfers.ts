import { nanoid } from "nanoid";
import type * as Tus from "./tus";

/**
 * Files on their way to the server: one list for the whole tab, so that an upload goes on while its member walks to
 * another page. Two are sent at once, the others wait their turn where everybody can see them. What sends is loaded with
 * the first file (tus.ts): pages on which nobody uploads never fetch it.
 */
export type Phase = "queued" | "sending" | "retrying" | "paused" | "offline" | "sent" | "refused";

export interface Transfer {
  id: string;
  /** Which composer it belongs to; see PictureField and ClipComposer. */
  place: string;
  kind: "image" | "video";
  file: File;
  phase: Phase;
  sentBytes: number;
  /** Over the last seconds; null until there is something to measure. */
  bytesPerSec: number | null;
  /** Known as soon as the server has taken the upload on. */
  assetId: string | null;
  /** The server's sentence about a refusal; null when it gave none. */
  problem: string | null;
  /** HTTP status of a refusal; 0 for a broken connection. */
  status: number;
}

export interface Carrier {
  pause(): void;
  resume(): void;
  /** Stops for good and asks the server to forget what it has. */
  cancel(): Promise<void>;
}

export type TransferChange = Partial<Omit<Transfer, "id" | "place" | "kind" | "file">>;

const SENDING_MAX = 2;
const MOVING: readonly Phase[] = ["queued", "sending", "retrying"];
const BUSY: readonly Phase[] = ["sending", "retrying"];

let list: readonly Transfer[] = [];
const carriers = new Map<string, Carrier>();
/** The asset an upload goes on with, for one that was begun before this page. */
const resumed = new Map<string, string>();
const listeners = new Set<() => void>();

export function listTransfers(): readonly Transfer[] {
  return list;
}

const NONE: readonly Transfer[] = [];
export const listNoTransfers = (): readonly Transfer[] => NONE;

export function onTransfers(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Adds a file to the list. With `assetId` it goes on with that upload from where the server is. Choosing a file that is
 * on its way already changes nothing.
 */
export function addTransfer({ file, kind, place, assetId = null }: { file: File; kind: Transfer["kind"]; place: string; assetId?: string | null }): string {
  const known = list.find((transfer) => transfer.phase !== "sent" && transfer.phase !== "refused" && isSameFile(transfer.file, file));
  if (known) {
    if (known.phase === "paused" || known.phase === "offline") resumeTransfer(known.id);
    return known.id;
  }
  const id = nanoid(8);
  if (assetId) resumed.set(id, assetId);
  set([...list, { id, place, kind, file, phase: "queued", sentBytes: 0, bytesPerSec: null, assetId, problem: null, status: 0 }]);
  pump();
  return id;
}

function isSameFile(a: File, b: File): boolean {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

export function pauseTransfer(id: string): void {
  carriers.get(id)?.pause();
  change(id, { phase: "paused", bytesPerSec: null });
  pump();
}

export function resumeTransfer(id: string): void {
  change(id, { phase: "queued", problem: null });
  pump();
}

/** Takes it off the list; what the server has of it is forgotten, unless it is complete. */
export function cancelTransfer(id: string): void {
  const known = list.find((transfer) => transfer.id === id);
  const carrier = carriers.get(id);
  carriers.delete(id);
  resumed.delete(id);
  set(list.filter((transfer) => transfer.id !== id));
  if (known && known.phase !== "sent") void carrier?.cancel();
  pump();
}

function pump(): void {
  const room = SENDING_MAX - list.filter(({ phase }) => BUSY.includes(phase)).length;
  for (const transfer of list.filter(({ phase }) => phase === "queued").slice(0, Math.max(0, room))) {
    change(transfer.id, { phase: "sending" });
    const carrier = carriers.get(transfer.id);
    if (carrier) carrier.resume();
    else void begin(transfer);
  }
}

let loading: Promise<typeof Tus> | undefined;

function loadSender(): Promise<typeof Tus> {
  loading ??= import("./tus");
  // Asked for again with the next file, when the network is back.
  loading.catch(() => (loading = undefined));
  return loading;
}

async function begin(transfer: Transfer): Promise<void> {
  const { id } = transfer;
  try {
    const { carry } = await loadSender();
    if (phaseOf(id) === null) return;
    const carrier = await carry({ file: transfer.file, kind: transfer.kind, assetId: resumed.get(id) ?? null }, (changed) => {
      // A pause pressed meanwhile stands: only the end and a refusal may come after it.
      if (phaseOf(id) === "paused" && changed.phase && BUSY.includes(changed.phase)) return;
      change(id, changed);
      if (changed.phase) pump();
    });
    carriers.set(id, carrier);
    // Pressed before there was anything that could stop.
    if (phaseOf(id) === "paused") carrier.pause();
    if (phaseOf(id) === null) await carrier.cancel();
  } catch {
    // The part that sends could not be fetched; the same as no network.
    change(id, { phase: "offline" });
  }
}

function phaseOf(id: string): Phase | null {
  return list.find((known) => known.id === id)?.phase ?? null;
}

function change(id: string, changed: TransferChange): void {
  set(list.map((transfer) => (transfer.id === id ? { ...transfer, ...changed } : transfer)));
}

function set(next: readonly Transfer[]): void {
  const moved = isAnyMoving(list) !== isAnyMoving(next);
  list = next;
  if (moved) guardLeaving(isAnyMoving(next));
  for (const listener of listeners) listener();
}

function isAnyMoving(transfers: readonly Transfer[]): boolean {
  return transfers.some(({ phase }) => MOVING.includes(phase) || phase === "offline");
}

/** Closing the tab would stop what is being sent; the browser asks first. */
function guardLeaving(on: boolean): void {
  if (on) {
    window.addEventListener("beforeunload", askFirst);
    window.addEventListener("online", goOn);
  } else {
    window.removeEventListener("beforeunload", askFirst);
    window.removeEventListener("online", goOn);
  }
}

function askFirst(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function goOn(): void {
  for (const { id, phase } of list) if (phase === "offline") resumeTransfer(id);
}
