import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { ReportScreen } from "~/components/compose/ReportForm";
import { loadReportPage, receiveReport, type ReportTarget } from "~/http/report-page.server";
import { metaFor } from "~/seo/meta";

function targetOf({ postId = "" }: { postId?: string }): ReportTarget {
  return { kind: "post", targetId: postId, postId };
}

export async function loader({ request, params }: LoaderFunctionArgs) {
  return loadReportPage(request, targetOf(params));
}

export async function action({ request, params }: ActionFunctionArgs) {
  return receiveReport(request, targetOf(params));
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "report.title.post" });

export default function ReportPostPage() {
  const target = useLoaderData<typeof loader>();
  return <ReportScreen target={target} answer={useActionData<typeof action>()} back={`/posts/${target.targetId}`} />;
}
