import { BANS_MAX, listBans, type MediaBan } from "@models/media-ban.server";
import type { AssetHash } from "@models/media-asset.server";
import { makeBank, matchFrames, matchPicture, type HashBank } from "./match";

/**
 * What was removed, in the memory of a worker: the whole list once, then only what is newer. A ban that was taken back
 * is forgotten when the list is read anew, which happens every ten minutes.
 */
export interface Question {
  sha256: string | null;
  /** One for a picture, several for the frames of a clip; none to ask about the bytes alone. */
  hashes: AssetHash[];
}

export interface Answer {
  verdict: "block" | "review" | "none";
  /** The removed asset that it resembles. */
  assetId: string | null;
}

const REREAD_MS = 600_000;
/** A transaction commits later than the instant it carries, so a little is read again. */
const OVERLAP_MS = 15_000;

interface Known {
  readAt: Date;
  newest: Date;
  bans: Map<string, MediaBan>;
  sha256s: Map<string, string>;
  hashes: HashBank;
}

let known: Known | null = null;

export async function askBank({ sha256, hashes }: Question, now = new Date()): Promise<Answer> {
  const bank = await readBank(now);
  const same = sha256 ? bank.sha256s.get(sha256) : undefined;
  if (same) return { verdict: "block", assetId: same };
  const [only] = hashes;
  if (!only) return { verdict: "none", assetId: null };
  const match = hashes.length === 1 ? matchPicture(only, bank.hashes) : matchFrames(hashes, bank.hashes);
  return { verdict: match.verdict, assetId: match.entryId };
}

async function readBank(now: Date): Promise<Known> {
  const fresh = known && now.getTime() - known.readAt.getTime() < REREAD_MS ? known : null;
  const since = fresh ? new Date(fresh.newest.getTime() - OVERLAP_MS) : new Date(0);
  const read = await listBans(since, BANS_MAX);
  if (fresh && read.every(({ _id }) => fresh.bans.has(_id))) return fresh;
  const bans = new Map(fresh?.bans);
  for (const ban of read) bans.set(ban._id, ban);
  known = {
    readAt: fresh?.readAt ?? now,
    newest: read.at(-1)?.at ?? fresh?.newest ?? new Date(0),
    bans,
    sha256s: new Map([...bans.values()].flatMap(({ _id, sha256 }) => (sha256 ? [[sha256, _id] as const] : []))),
    hashes: makeBank([...bans.values()].map(({ _id, hashes }) => ({ entryId: _id, hashes }))),
  };
  return known;
}
