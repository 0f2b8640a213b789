import type { IncomingMessage, ServerResponse } from "node:http";
import { FileStore } from "@tus/file-store";
import { Server, type ServerOptions } from "@tus/server";
import { z } from "zod";
import { Conflict, DomainError, Invalid, NotFound } from "@models/errors";
import { requireOwnAsset, type MediaAsset } from "@models/media-asset.server";
import { getRequestT } from "../i18n/locale.server";
import { logger } from "../logger.server";
import { removeOwnAsset } from "../services/own-media.server";
import { isComplete } from "../services/upload-sweep.server";
import { beginUpload, cancelUpload, finishUpload, newAssetId, UPLOAD_BYTES_MAX, UPLOAD_LIFE_MS, uploadPath, UploadTooLarge, type NewUpload, type UploadPlace } from "../services/uploads.server";
import type { IncomingUpload } from "./media-uploads";
import { UploadLocks } from "./upload-locks";

/**
 * Resumable uploads by the tus protocol (tus.io, version 1.0). The library moves the bytes; who may do what, under
 * which name and how much, is decided here before it is asked. The address of an upload ends with the asset's id.
 */
export const TUS_PATH = /^\/media\/tus(?:\/([^/]*))?\/?$/;
const ID = /^[0-9a-f]{32}$/;
const METADATA_LENGTH_MAX = 8_000;
/** A request that holds an upload is asked to stop when the same sender comes again; after this it is cut off. */
const LET_GO_MS = 500;

const Metadata = z.object({
  filename: z.string().max(1_000).default(""),
  kind: z.enum(["image", "video"]),
  alt: z.string().max(4_000).default(""),
  lang: z.enum(["zh-CN", "en"]).optional(),
});

export interface Tus {
  describe: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  take: (upload: IncomingUpload) => Promise<void>;
}

export function createTus({ place, now }: { place: UploadPlace; now: () => Date }): Tus {
  /** The ids chosen for uploads whose creation is on its way to the library. */
  const chosen = new WeakMap<IncomingMessage, NewUpload>();
  const newOf = (request: TusRequest) => {
    const upload = chosen.get(request.runtime?.node?.req as IncomingMessage);
    if (!upload) throw new Error("an upload that nobody has begun");
    return upload;
  };

  const server = new Server({
    path: "/media/tus",
    relativeLocation: true,
    datastore: new FileStore({ directory: place.directory, expirationPeriodInMilliseconds: UPLOAD_LIFE_MS }),
    locker: new UploadLocks(),
    lockDrainTimeout: LET_GO_MS,
    // Other sites' pages have no business here.
    allowedOrigins: () => false,
    namingFunction: (request) => newOf(request).assetId,
    maxSize: Math.max(...Object.values(UPLOAD_BYTES_MAX)),
    onUploadCreate: (request) => Promise.resolve({ metadata: { kind: newOf(request).kind } }),
    onUploadFinish: async (_request, { id }) => {
      await finishUpload(id, uploadPath(id, place), now(), place);
      return {};
    },
    onResponseError: (request, error) => explain(request, error),
  });

  async function create(upload: IncomingUpload): Promise<void> {
    const { req, res, viewer } = upload;
    const begun: NewUpload = { assetId: newAssetId(), ...readAnnouncement(req) };
    await beginUpload(viewer, begun, now(), place);
    chosen.set(req, begun);
    try {
      await server.handle(req, res);
    } finally {
      // Refused by the library, or the disk: nothing will ever arrive.
      if (res.statusCode !== 201) await cancelUpload({ assetId: begun.assetId, ownerId: viewer.id }, place);
    }
  }

  async function ask({ req, res }: IncomingUpload, asset: MediaAsset): Promise<void> {
    if (asset.state === "uploading" && !(await isComplete(asset._id, place))) return server.handle(req, res);
    // The last answer was lost, or a crash came before the end of it.
    if (asset.state === "uploading") await finishUpload(asset._id, uploadPath(asset._id, place), now(), place);
    const headers = { "Tus-Resumable": "1.0.0", "Upload-Offset": asset.sizeBytes, "Upload-Length": asset.sizeBytes };
    res.writeHead(200, headers).end();
  }

  async function cancel({ res, viewer }: IncomingUpload, assetId: string): Promise<void> {
    await removeOwnAsset(viewer, assetId, now(), place);
    res.writeHead(204, { "Tus-Resumable": "1.0.0" }).end();
  }

  return {
    describe: (req, res) => server.handle(req, res),
    take: async (upload) => {
      const { req, res, request, viewer } = upload;
      const assetId = TUS_PATH.exec(new URL(request.url).pathname)?.[1];
      if (req.method === "POST" && !assetId) return create(upload);
      if (req.method === "POST" || !assetId || !ID.test(assetId)) throw new NotFound(`upload ${assetId}`);
      const asset = await requireOwnAsset(assetId, viewer.id);
      if (req.method === "DELETE") return cancel(upload, assetId);
      if (req.method === "HEAD") return ask(upload, asset);
      if (asset.state !== "uploading") throw new Conflict(`upload ${assetId} is complete`, { messageKey: "media.uploadComplete" });
      await server.handle(req, res);
    },
  };
}

type TusRequest = Parameters<NonNullable<ServerOptions["namingFunction"]>>[0];

/** What the sender says about the file before the first byte. Sizes are held to their bound before anything is made. */
function readAnnouncement({ headers }: IncomingMessage): Omit<NewUpload, "assetId"> {
  const length = headers["upload-length"];
  const metadata = headers["upload-metadata"];
  if (typeof length !== "string" || !/^\d{1,15}$/.test(length)) throw new Invalid("no Upload-Length", { messageKey: "media.uploadUnannounced" });
  const said = Metadata.safeParse(readMetadata(typeof metadata === "string" ? metadata : ""));
  if (!said.success) throw new Invalid("the metadata does not fit", { messageKey: "media.uploadUnannounced" });
  const { filename, kind, alt } = said.data;
  if (Number(length) > UPLOAD_BYTES_MAX[kind]) throw new UploadTooLarge(kind);
  return { kind, fileName: filename, alt, sizeBytes: Number(length) };
}

/** `key base64,key base64`: the values of the keys we know. */
function readMetadata(header: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  if (header.length > METADATA_LENGTH_MAX) return values;
  for (const pair of header.split(",")) {
    const [key = "", value = ""] = pair.trim().split(" ");
    if (key in Metadata.shape) values[key] = Buffer.from(value, "base64").toString("utf8");
  }
  return values;
}

/** The library's own refusals, in the reader's language. What the protocol itself handles needs no sentence of its own. */
function explain(request: TusRequest, error: Error | { status_code: number; body: string }): { status_code: number; body: string } {
  const t = getRequestT(request as unknown as Request);
  const status = "status_code" in error ? error.status_code : 500;
  if (status >= 500 && !(error instanceof DomainError)) logger.error({ event: "upload.broken", status, err: error instanceof Error ? error : new Error(error.body) });
  const key = status >= 500 ? "media.uploadBroken" : status === 413 ? "media.uploadLonger" : "media.uploadStuck";
  return { status_code: status, body: JSON.stringify({ error: t(key) }) };
}
