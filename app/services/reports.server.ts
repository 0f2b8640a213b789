import { requireVisibleComment } from "@models/comment.server";
import { inTransaction, type Tx } from "@models/connection.server";
import { Forbidden, Invalid, NotFound } from "@models/errors";
import { getMember, requireMemberById } from "@models/member.server";
import { requireVisiblePost } from "@models/post.server";
import { addReport, REPORT_KINDS, REPORT_REASONS, type ReportKind, type ReportReason } from "@models/report.server";
import { cleanText } from "~/format/clean-text";
import { takeGraphemes } from "~/format/graphemes";
import { REPORT_DETAIL_MAX } from "~/format/post-limits";

/** Reports are stored once per member and target; a second press is answered like the first. */
export interface FileReport {
  kind: ReportKind;
  targetId: string;
  /** The post a comment belongs to. */
  postId: string | null;
  reporterId: string;
  reason: string;
  detail: string;
}

export interface ReportFiled {
  /** False when this member had reported the same target before. */
  filed: boolean;
}

export class SelfReportRefused extends Forbidden {
  constructor() {
    super("members do not report themselves", { messageKey: "report.own" });
  }
}

export function fileReport(report: FileReport, now: Date): Promise<ReportFiled> {
  return inTransaction((tx) => fileReportIn(report, now, tx));
}

/** The same inside a transaction that the caller holds, e.g. the one that uses up an intent. */
export async function fileReportIn({ kind, targetId, postId, reporterId, reason, detail }: FileReport, now: Date, tx: Tx): Promise<ReportFiled> {
  if (!isReason(reason)) throw new Invalid("no reason given", { messageKey: "report.chooseReason", fields: { reason: "report.chooseReason" } });
  const target = await requireTarget({ kind, targetId, postId }, tx);
  if (target.authorId === reporterId) throw new SelfReportRefused();
  const words = takeGraphemes(cleanText(detail).trim(), REPORT_DETAIL_MAX);
  const filed = await addReport({ kind, targetId, postId: target.postId, reporterId, reason, detail: words, state: "open", createdAt: now }, tx);
  return { filed };
}

interface Target {
  authorId: string;
  postId: string | null;
}

async function requireTarget({ kind, targetId, postId }: Pick<FileReport, "kind" | "targetId" | "postId">, tx?: Tx): Promise<Target> {
  if (kind === "post") return { authorId: (await requireVisiblePost(targetId, tx)).authorId, postId: targetId };
  if (kind === "member") return { authorId: (await requireMemberById(targetId, tx))._id, postId: null };
  if (!postId) throw new NotFound(`comment ${targetId}`);
  return { authorId: (await requireVisibleComment(postId, targetId, tx)).authorId, postId };
}

export interface ReportTargetView {
  kind: ReportKind;
  targetId: string;
  postId: string | null;
  /** Title of the post or name of the member; a comment is named by its author. */
  name: string;
}

/** What the report page shows above the reasons. */
export async function readReportTarget({ kind, targetId, postId }: { kind: string; targetId: string; postId: string | null }): Promise<ReportTargetView> {
  if (!isKind(kind)) throw new NotFound(`report kind ${kind}`);
  const target = await requireTarget({ kind, targetId, postId });
  const name = kind === "post" ? (await requireVisiblePost(targetId)).title : ((await getMember(target.authorId))?.displayName ?? "");
  return { kind, targetId, postId: target.postId, name };
}

function isKind(kind: string): kind is ReportKind {
  return (REPORT_KINDS as readonly string[]).includes(kind);
}

function isReason(reason: string): reason is ReportReason {
  return (REPORT_REASONS as readonly string[]).includes(reason);
}
