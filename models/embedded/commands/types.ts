import type { Doc } from "../bson/values";
import type { Context } from "./context";

/** An answer as a document, or as the bytes of one where stored documents travel unchanged. */
export type Reply = Doc | Uint8Array;

export interface Command {
  /** As MongoDB writes it; clients may write it in any case. */
  name: string;
  run(context: Context, connectionId: number): Reply | Promise<Reply>;
  adminOnly?: boolean;
  /** Takes no part in the order of a session's commands. */
  sessionless?: boolean;
  inTransaction?: boolean;
  /** A write whose answer is remembered by session and number. */
  retryable?: boolean;
}
