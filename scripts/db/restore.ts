import { parseArgs } from "node:util";
import { dropCollections, requireEmpty, writeDatabase } from "./dump";
import { checkDumpFile, readDumpFile } from "./dump-file";
import { openHome, runTool } from "./home";

/** npm run db:restore -- --in FILE [--drop]: into an empty database; --drop first removes what is there. */
await runTool(async () => {
  const { values } = parseArgs({ options: { in: { type: "string" }, drop: { type: "boolean", default: false } } });
  if (!values.in) throw new Error("Say which backup to read: npm run db:restore -- --in FILE");
  // The whole file is read once before anything is dropped or written: a damaged one changes nothing.
  await checkDumpFile(values.in);
  const home = await openHome();
  try {
    if (values.drop) await dropCollections(home.db);
    else await requireEmpty(home.db);
    const proofs = await writeDatabase(home.db, readDumpFile(values.in));
    for (const { name, count } of proofs) console.log(`${name.padEnd(28)} ${String(count).padStart(9)} documents, checksum as in the backup`);
    console.log(`Restored from ${values.in}.`);
  } finally {
    await home.close();
  }
});
