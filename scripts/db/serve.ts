import { startEmbedded } from "../../models/embedded/index";

/** The engine as a process of its own, so that a test can kill it: node --import tsx serve.ts DIRECTORY */
const directory = process.argv[2];
if (!directory) throw new Error("serve.ts needs a directory");
const engine = await startEmbedded({ directory });
console.log(engine.uri);
