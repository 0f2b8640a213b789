// The engine is TypeScript also in production, read through tsx like the rest of the server. In a new thread tsx has to be
// in place before the first TypeScript file is read, hence these lines of plain JavaScript.
import { register } from "tsx/esm/api";

register();
await import(new URL("./worker.ts", import.meta.url).href);
