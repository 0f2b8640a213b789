import { nanoid } from "nanoid";
import { inTransaction } from "@models/connection.server";
import type { DraftWords } from "@models/draft.server";
import { bookOf, forgetInstruments, insertInstruments, listStoredInstruments, type Instrument } from "@models/instrument.server";
import { insertMember } from "@models/member.server";
import { insertTopics, listStoredTopics } from "@models/topic.server";
import type { Tier } from "@models/tier";
import type { Viewer } from "~/http/session.server";
import { forgetTopics } from "~/services/topics.server";
import { AT_NOON } from "./posts";

/** Members as the services see them, and the reference rows that writing asks for. */
export const INSTRUMENTS: Instrument[] = [
  { _id: "SH510300", code: "510300", exchange: "SH", kind: "etf", name: { "zh-CN": "沪深300ETF", en: "CSI 300 ETF" }, aliases: ["hs300etf"] },
  { _id: "SH600519", code: "600519", exchange: "SH", kind: "stock", name: { "zh-CN": "贵州茅台", en: "Kweichow Moutai" }, aliases: ["gzmt", "茅台"] },
  { _id: "HK00700", code: "00700", exchange: "HK", kind: "stock", name: { "zh-CN": "腾讯控股", en: "Tencent" }, aliases: ["txkg"] },
  { _id: "AAPL", code: "AAPL", exchange: "US", kind: "stock", name: { "zh-CN": "苹果", en: "Apple" }, aliases: ["pg"] },
];
export const BOOK = bookOf(INSTRUMENTS);

export async function makeReferenceRows(): Promise<void> {
  if ((await listStoredInstruments()).length === 0) await insertInstruments(INSTRUMENTS);
  if ((await listStoredTopics()).length === 0) {
    await insertTopics(
      ["funds", "credit", "fraud", "bonds"].map((slug, position) => ({ _id: slug, position, name: { "zh-CN": slug, en: slug }, about: { "zh-CN": slug, en: slug } })),
    );
  }
  forgetInstruments();
  forgetTopics();
}

export async function makeWriter(tier: Tier = 2): Promise<Viewer> {
  const handle = `w_${nanoid(10).replace(/[^a-z0-9]/gi, "x")}`;
  const member = await inTransaction((tx) => insertMember({ handle, displayName: handle, joinedAt: AT_NOON, language: "zh-CN", tier }, tx));
  return { id: member._id, handle, displayName: handle, role: "member", tier, phoneVerified: true, realNameVerified: true };
}

export function wordsOf(given: Partial<DraftWords> = {}): DraftWords {
  return { lang: "zh-CN", title: "费率与复利", body: "每年少交一点 $沪深300ETF(SH510300)$ 的费用。", topics: ["funds"], declarations: ["opinion"], holds: [], poll: null, ...given };
}
