import { parseArgs } from "node:util";
import { readDatabase, withSnapshot } from "./dump";
import { writeDumpFile } from "./dump-file";
import { openHome, runTool } from "./home";

/** npm run db:backup -- --out FILE: everything, as of one moment, while the site serves. */
await runTool(async () => {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  if (!values.out) throw new Error("Say where the backup goes: npm run db:backup -- --out FILE");
  const path = values.out;
  const home = await openHome();
  try {
    const proofs = await withSnapshot(home.db, home.kind, (session) => writeDumpFile(path, readDatabase(home.db, session, new Date())));
    for (const { name, count, sha256 } of proofs) console.log(`${name.padEnd(28)} ${String(count).padStart(9)} documents  sha256 ${sha256}`);
    console.log(`Written to ${path}.`);
  } finally {
    await home.close();
  }
});
