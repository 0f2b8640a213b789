import type { Messages } from "./t";
import { flatten } from "./flatten";

/** All namespaces of one language as one chunk, so that a page loads only its own language. */
const messages: Messages = flatten(import.meta.glob<Messages>("../locales/en/*.json", { eager: true, import: "default" }));
export default messages;
