import type { Messages } from "./t";
import { flatten } from "./flatten";

/** What the pages that guests read say: all the browser gets at first. The same files are left out in messages.en.later.ts. */
const messages: Messages = flatten(
  import.meta.glob<Messages>("../locales/en/{clips,comment,common,errors,feed,post,profile}.json", { eager: true, import: "default" }),
);
export default messages;
