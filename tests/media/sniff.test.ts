import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requireKind, sniffFile } from "@media/sniff";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "goldbean-sniff-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const sniff = async (bytes: Buffer | string) => {
  await writeFile(join(dir, "upload"), bytes);
  return sniffFile(join(dir, "upload"));
};

const ftyp = (brand: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0${brand}isom`, "latin1")]);
const ebml = (docType: string): Buffer => Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0x80 + docType.length + 3, 0x42, 0x82, 0x80 + docType.length]), Buffer.from(docType)]);
const ts = Buffer.concat(Array.from({ length: 3 }, () => Buffer.concat([Buffer.from([0x47]), Buffer.alloc(187)])));

test.each([
  ["an MP4", ftyp("isom"), "video/mp4", "mov"],
  ["an iPhone's MOV", ftyp("qt  "), "video/quicktime", "mov"],
  ["an M4V", ftyp("M4V "), "video/x-m4v", "mov"],
  ["a 3GP", ftyp("3gp5"), "video/3gpp", "mov"],
  ["a WebM", ebml("webm"), "video/webm", "matroska"],
  ["a Matroska", ebml("matroska"), "video/x-matroska", "matroska"],
  ["a transport stream", ts, "video/mp2t", "mpegts"],
  ["an AVI", Buffer.from("RIFF\0\0\0\0AVI LIST", "latin1"), "video/vnd.avi", "avi"],
  ["a JPEG", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]), "image/jpeg", null],
  ["a HEIC", ftyp("heic"), "image/heic", null],
  ["an AVIF", ftyp("avif"), "image/avif", null],
  ["a WebP", Buffer.from("RIFF\0\0\0\0WEBPVP8 ", "latin1"), "image/webp", null],
  ["a GIF", Buffer.from("GIF89a\x01\0\x01\0\0\0\0", "latin1"), "image/gif", null],
])("given %s, then its bytes say so", async (_name, bytes, type, demuxer) => {
  expect(await sniff(bytes)).toEqual({ kind: demuxer ? "video" : "image", type, demuxer });
});

test.each([
  ["a playlist", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/a.ts\n"],
  ["an SVG", '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
  ["a page", "<!doctype html><p>x"],
  ["a PDF", "%PDF-1.7\n"],
  ["an archive", Buffer.from("PK\x03\x04\x14\0\0\0", "latin1")],
  ["a program", Buffer.from("\x7fELF\x02\x01\x01\0", "latin1")],
  ["a song", Buffer.from("ID3\x04\0\0\0\0\0\0", "latin1")],
  ["a Flash video", Buffer.from("FLV\x01\x05\0\0\0\x09", "latin1")],
  ["noise", Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])],
])("given %s, then it is not a type that we take", async (_name, bytes) => {
  await expect(sniff(bytes)).rejects.toMatchObject({ reason: "type_not_allowed" });
});

test("given no bytes, then it is empty", async () => {
  await expect(sniff("")).rejects.toMatchObject({ reason: "empty" });
});

test.each([
  ["a.jpg", false],
  ["a.JPEG", false],
  ["image", false],
  ["a.mp4", true],
  ["a.MOV", true],
  ["video", true],
  // Names that claim nothing.
  ["a", true],
  ["a.bin", true],
  ["", true],
])("given a clip that calls itself %j, then that is all right: %s", (claimed, allowed) => {
  const check = () => requireKind({ kind: "video", type: "video/mp4", demuxer: "mov" }, claimed);
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ reason: "type_mismatch" }));
});
