import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Report: one member's complaint about one target. Guarantee: one row per member and target, whatever the number of
 * presses; the first reason stands. Never shown to the author of the target. The console reads them later.
 */
export const REPORT_KINDS = ["post", "comment", "member"] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** What goes wrong in a place about money comes first. */
export const REPORT_REASONS = [
  "stockTip",
  "returnPromise",
  "fraud",
  "rumour",
  "hiddenAd",
  "undeclared",
  "minor",
  "abuse",
  "privacy",
  "spam",
  "copyright",
  "other",
] as const;
export type ReportReason = (typeof REPORT_REASONS)[number];

export interface Report {
  _id: string;
  kind: ReportKind;
  targetId: string;
  /** The post a comment belongs to, or the post itself; null for a member. */
  postId: string | null;
  reporterId: string;
  reason: ReportReason;
  detail: string;
  state: "open" | "upheld" | "rejected";
  createdAt: Date;
}

const Reports = defineCollection<Report>(
  {
    name: "reports",
    shardKey: { _id: "hashed" },
    why: "a report is written by its id, made of target and reporter; queues are rows of their own",
    indexes: [],
  },
  {
    kind: { type: String, enum: REPORT_KINDS, required: true },
    targetId: { type: String, required: true },
    postId: { type: String, default: null },
    reporterId: { type: String, required: true },
    reason: { type: String, enum: REPORT_REASONS, required: true },
    detail: { type: String, default: "" },
    state: { type: String, enum: ["open", "upheld", "rejected"], required: true },
    createdAt: { type: Date, required: true },
  },
);

export function reportId({ kind, targetId, reporterId }: Pick<Report, "kind" | "targetId" | "reporterId">): string {
  return `${kind}:${targetId}:${reporterId}`;
}

/** True when the report is new; the same member's second one about the same target changes nothing. */
export async function addReport(report: Omit<Report, "_id">, tx: Tx): Promise<boolean> {
  const written = await Reports.updateOne({ _id: reportId(report) }, { $setOnInsert: report }, { upsert: true, session: tx });
  return written.upsertedCount === 1;
}

export async function getReport(key: Pick<Report, "kind" | "targetId" | "reporterId">): Promise<Report | null> {
  return Reports.findById(reportId(key)).lean<Report>();
}
