import { data } from "@remix-run/node";
import { z } from "zod";
import { REPORT_REASONS, type ReportKind } from "@models/report.server";
import { fileReport, readReportTarget } from "../services/reports.server";
import { admit } from "../services/tiers.server";
import { toFormRefusal, toThrown } from "./errors.server";
import { parseForm, typedValues } from "./form.server";
import { requireMember } from "./session.server";

/** The three report pages (post, comment, member) ask and answer alike; only their target differs. */
export interface ReportTarget {
  kind: ReportKind;
  targetId: string;
  postId: string | null;
}

const ReportFields = z.object({ reason: z.string().max(40).default(""), detail: z.string().max(4_000, "form.tooLong").default("") });

export async function loadReportPage(request: Request, target: ReportTarget) {
  try {
    return { ...(await readReportTarget(target)), reasons: [...REPORT_REASONS] };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function receiveReport(request: Request, target: ReportTarget) {
  const now = new Date();
  const empty = { reason: "", detail: "" };
  try {
    const viewer = await requireMember(request);
    const form = await parseForm(ReportFields, request);
    await admit(viewer, "report", now);
    const { filed } = await fileReport({ ...target, reporterId: viewer.id, ...form }, now);
    return data({ filed: filed ? ("new" as const) : ("before" as const), error: null, typed: empty });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    const typed = await typedValues(request);
    return data({ filed: null, error: view.fields.reason ?? view.error, typed: { reason: typed.reason ?? "", detail: typed.detail ?? "" } }, init);
  }
}
