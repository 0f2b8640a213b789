import { connect, createServer, type AddressInfo } from "node:net";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSession } from "~/http/session.server";
import { openUploadPlace, type UploadPlace } from "~/services/uploads.server";
import type { Tier } from "@models/tier";
import { makeMember } from "./factories";
import { openTestStorage } from "./media";
import { ask, type Reply } from "./server";

/** Uploads for tests: a place of their own, members with a session, and the tus protocol written out. */
export function openTestPlace(freeShareMin = 0): UploadPlace & { dataDir: string } {
  const dataDir = mkdtempSync(join(tmpdir(), "goldbean-uploads-"));
  return { ...openUploadPlace({ storage: openTestStorage(dataDir), dataDir, freeShareMin }), dataDir };
}

export interface Sender {
  id: string;
  cookie: string;
}

export async function makeSender(tier: Tier = 2): Promise<Sender> {
  const { _id } = await makeMember({ tier });
  const cookie = await startSession(new Request("http://localhost/login"), { memberId: _id, remember: false, address: "192.0.2.1" }, new Date());
  return { id: _id, cookie: cookie.split(";")[0] ?? "" };
}

const TUS = { "Tus-Resumable": "1.0.0" };
const metadataOf = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString("base64")}`)
    .join(",");

export interface Announced {
  sizeBytes: number;
  metadata?: Record<string, string>;
  headers?: Record<string, string>;
}

export function announce(origin: string, sender: Sender | null, { sizeBytes, metadata = { filename: "clip.mp4", kind: "video" }, headers = {} }: Announced): Promise<Reply> {
  const cookie: Record<string, string> = sender ? { Cookie: sender.cookie } : {};
  return ask(origin, "/media/tus", {
    method: "POST",
    headers: { ...TUS, ...cookie, Origin: origin, "Accept-Language": "en", "Upload-Length": String(sizeBytes), "Upload-Metadata": metadataOf(metadata), "Content-Length": "0", ...headers },
  });
}

/** The id of an upload that was taken; throws with the answer when it was not. */
export async function begin(origin: string, sender: Sender, announced: Announced): Promise<string> {
  const reply = await announce(origin, sender, announced);
  const id = /^\/media\/tus\/([0-9a-f]{32})$/.exec(reply.headers.location ?? "")?.[1];
  if (reply.status !== 201 || !id) throw new Error(`${reply.status} ${reply.body}`);
  return id;
}

export function tus(origin: string, sender: Sender | null, method: string, id: string, headers: Record<string, string> = {}): Promise<Reply> {
  return ask(origin, `/media/tus/${id}`, { method, headers: { ...TUS, ...(sender ? { Cookie: sender.cookie } : {}), Origin: origin, "Accept-Language": "en", ...headers } });
}

export interface Piece {
  id: string;
  offset: number;
  bytes: Buffer;
}

export async function send(origin: string, { cookie }: Sender, { id, offset, bytes }: Piece): Promise<{ status: number; offset: string | null; error: string | undefined }> {
  const reply = await fetch(`${origin}/media/tus/${id}`, {
    method: "PATCH",
    headers: { ...TUS, Cookie: cookie, Origin: origin, "Accept-Language": "en", "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
    body: new Uint8Array(bytes),
  });
  const text = await reply.text();
  return { status: reply.status, offset: reply.headers.get("upload-offset"), error: text ? (JSON.parse(text) as { error: string }).error : undefined };
}

/** Sends the beginning of a piece, announces more, and pulls the plug. */
export async function sendAndBreakOff(port: number, { cookie }: Sender, { id, offset, bytes, announcedBytes }: Piece & { announcedBytes: number }): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const head = [
    `PATCH /media/tus/${id} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Cookie: ${cookie}`,
    "Tus-Resumable: 1.0.0",
    `Upload-Offset: ${offset}`,
    "Content-Type: application/offset+octet-stream",
    `Content-Length: ${announcedBytes}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.write(bytes, resolve));
  socket.destroy();
}

/** A line to `port` on which the first large transfers are cut, each after so many bytes; the ones after them go through. */
export async function openCutLine(port: number, cutAfterBytes: number[]): Promise<{ port: number; cuts: () => number; close: () => void }> {
  const left = [...cutAfterBytes];
  let cuts = 0;
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let bytes = 0;
    near.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      far.write(chunk);
      if (left[0] === undefined || bytes < left[0]) return;
      left.shift();
      cuts += 1;
      near.destroy();
      far.destroy();
    });
    far.on("data", (chunk) => near.write(chunk));
    for (const [one, other] of [[near, far], [far, near]] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return { port: (proxy.address() as AddressInfo).port, cuts: () => cuts, close: () => void proxy.close() };
}
