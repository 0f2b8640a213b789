import { parseArgs } from "node:util";
import { MongoClient } from "mongodb";
import { requireEmpty } from "./dump";
import { openHome, runTool } from "./home";
import { moveDatabase } from "./move-database";

/** npm run db:move -- --to mongodb://…: carries everything into an empty database on another server and proves it. */
await runTool(async () => {
  const { values } = parseArgs({ options: { to: { type: "string" } } });
  if (!values.to) throw new Error("Say where to: npm run db:move -- --to mongodb://host/goldbean?replicaSet=…");
  const home = await openHome();
  const client = new MongoClient(values.to);
  try {
    await client.connect();
    const target = client.db();
    await requireEmpty(target);
    const proofs = await moveDatabase(home, target, new Date());
    for (const { name, count, sha256 } of proofs) console.log(`${name.padEnd(28)} ${String(count).padStart(9)} documents  sha256 ${sha256}`);
    console.log(`Moved and proven: set MONGODB_URI to this address, and start the site again.`);
  } finally {
    await Promise.all([client.close(), home.close()]);
  }
});
