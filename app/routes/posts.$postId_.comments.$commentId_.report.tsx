import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { ReportScreen } from "~/components/compose/ReportForm";
import { loadReportPage, receiveReport, type ReportTarget } from "~/http/report-page.server";
import { metaFor } from "~/seo/meta";

function targetOf({ postId = "", commentId = "" }: { postId?: string; commentId?: string }): ReportTarget {
  return { kind: "comment", targetId: commentId, postId };
}

export async function loader({ request, params }: LoaderFunctionArgs) {
  return loadReportPage(request, targetOf(params));
}

export async function action({ request, params }: ActionFunctionArgs) {
  return receiveReport(request, targetOf(params));
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "report.title.comment" });

export default function ReportCommentPage() {
  const target = useLoaderData<typeof loader>();
  return <ReportScreen target={target} answer={useActionData<typeof action>()} back={`/posts/${target.postId}/comments/${target.targetId}`} />;
}
