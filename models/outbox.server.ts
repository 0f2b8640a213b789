import { nanoid } from "nanoid";
import { defineCollection } from "./collection.server";

/** Outbox: messages that the demo shows on screen where a real site would send them. Gone after a day. */
export interface OutboxMessage {
  _id: string;
  channel: "sms" | "email";
  to: string;
  subject: string;
  text: string;
  /** The challenge that the message belongs to, so that its form can show it in place; null for other messages. */
  challengeId: string | null;
  at: Date;
}

const KEPT_SEC = 86_400;

const Outbox = defineCollection<OutboxMessage>(
  {
    name: "outbox",
    shardKey: { _id: 1 },
    why: "only the demo writes it; it stays small",
    indexes: [{ fields: { at: 1 }, options: { expireAfterSeconds: KEPT_SEC } }],
  },
  {
    channel: { type: String, required: true },
    to: { type: String, required: true },
    subject: { type: String, default: "" },
    text: { type: String, required: true },
    challengeId: { type: String, default: null },
    at: { type: Date, required: true },
  },
);

/** Ids grow with time, so the newest messages are one range of `_id`; the challenge makes its own message findable. */
export async function insertOutboxMessage(message: Omit<OutboxMessage, "_id">): Promise<void> {
  await Outbox.create([{ ...message, _id: `${String(message.at.getTime()).padStart(15, "0")}-${nanoid(8)}` }]);
}

/** Newest first. */
export async function listOutbox(limit: number): Promise<OutboxMessage[]> {
  return Outbox.find().sort({ _id: -1 }).limit(Math.min(limit, 100)).lean<OutboxMessage[]>();
}

/** The newest message of a challenge, among those of the last minutes. */
export async function findOutboxMessage(challengeId: string): Promise<OutboxMessage | null> {
  const recent = await listOutbox(50);
  return recent.find((message) => message.challengeId === challengeId) ?? null;
}
