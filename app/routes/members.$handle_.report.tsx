import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData, useParams } from "@remix-run/react";
import { ReportScreen } from "~/components/compose/ReportForm";
import { loadReportPage, receiveReport, type ReportTarget } from "~/http/report-page.server";
import { metaFor } from "~/seo/meta";
import { findMemberId } from "~/services/mentions.server";

async function targetOf({ handle = "" }: { handle?: string }): Promise<ReportTarget> {
  return { kind: "member", targetId: (await findMemberId(handle)) ?? "", postId: null };
}

export async function loader({ request, params }: LoaderFunctionArgs) {
  return loadReportPage(request, await targetOf(params));
}

export async function action({ request, params }: ActionFunctionArgs) {
  return receiveReport(request, await targetOf(params));
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "report.title.member" });

export default function ReportMemberPage() {
  const target = useLoaderData<typeof loader>();
  const { handle } = useParams();
  return <ReportScreen target={target} answer={useActionData<typeof action>()} back={`/members/${handle}`} />;
}
