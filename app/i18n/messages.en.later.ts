import type { Messages } from "./t";
import { flatten } from "./flatten";

/** Everything else: fetched when a sentence of it is wanted (see browser.ts). A new file belongs here by itself. */
const messages: Messages = flatten(
  import.meta.glob<Messages>(["../locales/en/*.json", "!../locales/en/{clips,comment,common,errors,feed,post,profile,system}.json"], { eager: true, import: "default" }),
);
export default messages;
