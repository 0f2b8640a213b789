import { DetailedError, Upload } from "tus-js-client";
import type { Carrier, Transfer, TransferChange } from "./transfers";

/** The part that sends, by the tus protocol. Loaded when the first file is chosen; see transfers.ts. */
const ENDPOINT = "/media/tus";
/** A piece small enough to be repeated without regret, large enough to keep the line full. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** After the last of these the upload waits for the network or for a press. */
const RETRY_AFTER_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const SPEED_WINDOW_MS = 4_000;
const REPORT_EVERY_MS = 200;

type What = Pick<Transfer, "file" | "kind" | "assetId">;

/** Starts sending, from where the server is when it knows this file already. `report` is called until the end. */
export async function carry({ file, kind, assetId }: What, report: (changed: TransferChange) => void): Promise<Carrier> {
  const meter = newMeter(report);
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    ...(assetId ? { uploadUrl: `${ENDPOINT}/${assetId}` } : {}),
    metadata: { filename: file.name, kind },
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_AFTER_MS,
    removeFingerprintOnSuccess: true,
    onUploadUrlAvailable: () => report({ assetId: idOf(upload.url) }),
    onProgress: (sentBytes) => meter(sentBytes),
    onSuccess: () => report({ phase: "sent", sentBytes: file.size, bytesPerSec: null, assetId: idOf(upload.url) }),
    onShouldRetry: (error) => {
      if (isFinal(error) || !navigator.onLine) return false;
      report({ phase: "retrying", bytesPerSec: null });
      return true;
    },
    onError: (error) => report(outcomeOf(error)),
  });
  if (!assetId) {
    const [previous] = await upload.findPreviousUploads();
    if (previous) upload.resumeFromPreviousUpload(previous);
  }
  upload.start();
  return {
    pause: () => void upload.abort(),
    resume: () => upload.start(),
    cancel: () => upload.abort(true).catch(() => undefined),
  };
}

function idOf(url: string | null): string | null {
  return url ? (/([0-9a-f]{32})\/?$/.exec(url)?.[1] ?? null) : null;
}

/** An answer that would be the same next time. Locked uploads, conflicting offsets and busy servers pass by themselves. */
function isFinal(error: DetailedError | Error): boolean {
  const status = statusOf(error);
  const isOffset = status === 409 && error instanceof DetailedError && error.originalRequest.getMethod() !== "POST";
  return status >= 400 && status < 500 && !isOffset && status !== 423 && status !== 408;
}

function statusOf(error: DetailedError | Error): number {
  return error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;
}

function outcomeOf(error: DetailedError | Error): TransferChange {
  const status = statusOf(error);
  const isRefusal = isFinal(error) || status === 507;
  return { phase: isRefusal ? "refused" : "offline", status, problem: isRefusal ? sentenceOf(error) : null, bytesPerSec: null };
}

/** Refusals come as JSON with a sentence, or as the sentence. */
function sentenceOf(error: DetailedError | Error): string | null {
  const body = error instanceof DetailedError ? (error.originalResponse?.getBody() ?? "") : "";
  try {
    const parsed = JSON.parse(body) as { error?: unknown };
    return typeof parsed.error === "string" ? parsed.error : null;
  } catch {
    // Not JSON: a plain sentence when it is short, and nothing to show when it is a page.
    const text = body.trim();
    return text !== "" && text.length <= 200 && !text.startsWith("<") ? text : null;
  }
}

/** Bytes and speed, at most five times a second. */
function newMeter(report: (changed: TransferChange) => void): (sentBytes: number) => void {
  const samples: { at: number; sentBytes: number }[] = [];
  let reportedAt = 0;
  return (sentBytes) => {
    const at = performance.now();
    samples.push({ at, sentBytes });
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > SPEED_WINDOW_MS) samples.shift();
    if (at - reportedAt < REPORT_EVERY_MS) return;
    reportedAt = at;
    const first = samples[0];
    const seconds = first ? (at - first.at) / 1_000 : 0;
    report({ phase: "sending", sentBytes, bytesPerSec: first && seconds > 0.5 ? (sentBytes - first.sentBytes) / seconds : null });
  };
}

