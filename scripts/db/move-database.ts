import type { Db } from "mongodb";
import { proveCollection, readDatabase, withSnapshot, writeDatabase, type CollectionProof } from "./dump";
import type { Home } from "./home";

export class SourceChanged extends Error {
  constructor(readonly collection: string) {
    super(`"${collection}" changed while it was moved, so the copy is of a moment that has passed. Stop the site, empty the target and move again.`);
    this.name = "SourceChanged";
  }
}

/**
 * Copies a database in one snapshot into an empty one, indexes first, and proves each collection by count and checksum.
 * What was written here after the snapshot did not travel: that is found by reading the source again, and refused.
 */
export async function moveDatabase(source: Pick<Home, "db" | "kind">, target: Db, now: Date): Promise<CollectionProof[]> {
  const proofs = await withSnapshot(source.db, source.kind, (session) => writeDatabase(target, readDatabase(source.db, session, now)));
  for (const moved of proofs) {
    const here = await proveCollection(source.db, moved.name);
    if (here.count !== moved.count || here.sha256 !== moved.sha256) throw new SourceChanged(moved.name);
  }
  return proofs;
}
