import { defineCollection } from "./collection.server";

/** Topic: a subject with a name in both languages. Reference data: a few dozen rows, read whole, in tab-bar order. */
export interface Topic {
  _id: string;
  position: number;
  name: { "zh-CN": string; en: string };
  about: { "zh-CN": string; en: string };
}

const Topics = defineCollection<Topic>(
  { name: "topics", shardKey: "reference", why: "read whole into memory by every process", indexes: [{ fields: { position: 1 } }] },
  { position: { type: Number, required: true }, name: { type: Object, required: true }, about: { type: Object, required: true } },
);

const TOPICS_MAX = 200;

export async function listStoredTopics(): Promise<Topic[]> {
  return Topics.find({}).sort({ position: 1 }).limit(TOPICS_MAX).lean<Topic[]>();
}

export async function insertTopics(topics: Topic[]): Promise<void> {
  await Topics.insertMany(topics, { ordered: true });
}
