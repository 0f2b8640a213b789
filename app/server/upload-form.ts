import { createWriteStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import busboy, { type Busboy, type FileInfo } from "busboy";
import { DomainError, Invalid } from "@models/errors";
import { VIDEO_BYTES_MAX } from "@models/media-reasons";
import { isNavigation } from "../http/answer.server";
import { loginPath } from "../http/gated.server";
import { LoginNeeded } from "../http/login-needed";
import { refererPath, safeRedirect } from "../http/redirect.server";
import { beginUpload, cancelUpload, finishUpload, formUploadPath, newAssetId, UPLOAD_BYTES_MAX, UploadTooLarge, type NewUpload, type UploadPlace } from "../services/uploads.server";
import type { Viewer } from "../services/viewer";
import type { IncomingUpload } from "./media-uploads";

/**
 * An upload by a plain form, for browsers without scripts: one file, streamed to the disk, in one go. The fields
 * `kind` and `alt` stand before the file in the form; `redirectTo` says where to go on, with `?media=<assetId>` added.
 */
const FIELDS_MAX = 10;
const FIELD_BYTES_MAX = 4_000;
/** Boundaries and fields around the file. */
const ENVELOPE_BYTES_MAX = 64 * 1024;

interface Received {
  assetId: string;
  fields: Map<string, string>;
}

type FormUpload = Omit<IncomingUpload, "viewer"> & { viewer: Viewer | null };

export async function takeForm({ req, res, request, viewer }: FormUpload, { place, now }: { place: UploadPlace; now: () => Date }): Promise<void> {
  if (!viewer) throw new LoginNeeded(loginPath(refererPath(request)));
  const announcedBytes = Number(req.headers["content-length"] ?? Number.NaN);
  if (!Number.isSafeInteger(announcedBytes)) throw new Invalid("a form without a length", { messageKey: "media.uploadUnannounced" });
  if (announcedBytes > VIDEO_BYTES_MAX + ENVELOPE_BYTES_MAX) throw new UploadTooLarge("video");
  const { assetId, fields } = await receive(req, { viewer, announcedBytes, place, now });
  if (!(await finishUpload(assetId, formUploadPath(assetId, place), now(), place))) throw new DomainError("GONE", `upload ${assetId} was cancelled`);
  if (!isNavigation(request)) return void res.writeHead(201, { "Content-Type": "application/json" }).end(JSON.stringify({ id: assetId }));
  const target = new URL(safeRedirect(fields.get("redirectTo"), refererPath(request)), request.url);
  target.searchParams.set("media", assetId);
  res.writeHead(303, { Location: target.pathname + target.search + target.hash }).end();
}

interface Receive {
  viewer: Viewer;
  announcedBytes: number;
  place: UploadPlace;
  now: () => Date;
}

async function receive(req: IncomingMessage, context: Receive): Promise<Received> {
  const fields = new Map<string, string>();
  let storing: Promise<string | null> | undefined;
  const form = openForm(req);
  form.on("field", (name, value) => void fields.set(name, value));
  form.on("file", (_name, stream, info) => {
    storing = store(stream, info, fields, context);
    // Looked at below; a refusal that comes before the form has ended is no accident meanwhile.
    storing.catch(() => undefined);
  });
  try {
    await pipeline(req, form);
  } catch (error) {
    const assetId = await storing?.catch(() => null);
    if (assetId) await cancelUpload({ assetId, ownerId: context.viewer.id }, context.place);
    throw new Invalid("the form broke off", { messageKey: "form.notAForm", cause: error });
  }
  const assetId = await storing;
  if (!assetId) throw new Invalid("no file in the form", { messageKey: "media.uploadNoFile" });
  return { assetId, fields };
}

function openForm({ headers }: IncomingMessage): Busboy {
  const limits = { files: 1, fields: FIELDS_MAX, parts: FIELDS_MAX + 2, fieldNameSize: 100, fieldSize: FIELD_BYTES_MAX, fileSize: VIDEO_BYTES_MAX + 1 };
  try {
    return busboy({ headers, limits, defParamCharset: "utf8" });
  } catch (error) {
    throw new Invalid("not a multipart form", { messageKey: "form.notAForm", cause: error });
  }
}

/** The id of the asset, or null when no file was chosen. What is refused is still read to its end, so that the form is. */
async function store(stream: Readable, { filename, mimeType }: FileInfo, fields: ReadonlyMap<string, string>, { viewer, announcedBytes, place, now }: Receive): Promise<string | null> {
  try {
    // A browser sends a part without a name for a field that was left empty.
    if (!filename) return null;
    const kind = kindOf(fields.get("kind"), mimeType);
    const upload: NewUpload = { assetId: newAssetId(), kind, fileName: filename, alt: fields.get("alt") ?? "", sizeBytes: Math.min(announcedBytes, UPLOAD_BYTES_MAX[kind]) };
    if (announcedBytes > UPLOAD_BYTES_MAX[kind] + ENVELOPE_BYTES_MAX) throw new UploadTooLarge(kind);
    await beginUpload(viewer, upload, now(), place);
    try {
      await write(stream, formUploadPath(upload.assetId, place), kind);
    } catch (error) {
      await cancelUpload({ assetId: upload.assetId, ownerId: viewer.id }, place);
      throw error;
    }
    return upload.assetId;
  } finally {
    stream.resume();
  }
}

/** As the form says; for a form that does not, as the browser takes the file for. The worker looks for itself. */
function kindOf(field: string | undefined, mimeType: string): NewUpload["kind"] {
  if (field === "image" || field === "video") return field;
  return mimeType.startsWith("video/") ? "video" : "image";
}

async function write(stream: Readable, path: string, kind: NewUpload["kind"]): Promise<void> {
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > UPLOAD_BYTES_MAX[kind] ? new UploadTooLarge(kind) : null, chunk);
    },
  });
  await pipeline(stream, counted, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  if (bytes === 0) throw new Invalid("an empty file", { messageKey: "media.uploadEmpty" });
}
