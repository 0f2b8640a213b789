import "../models/all.server";
import { ensureIndexes } from "../models/indexes.server";

/** The collections as the running app declares them, with their indexes. */
export async function ensureDeclaredIndexes(): Promise<void> {
  await ensureIndexes();
}
