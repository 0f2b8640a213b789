import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData, useLocation } from "@remix-run/react";
import { ReportForm } from "~/components/compose/ReportForm";
import { Frame } from "~/components/layout/Shell";
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
  const answer = useActionData<typeof action>();
  const { pathname } = useLocation();
  return (
    <Frame>
      <ReportForm
        {...target}
        action={pathname}
        back={`/posts/${target.postId}/comments/${target.targetId}`}
        filed={answer?.filed ?? null}
        typed={answer?.typed ?? { reason: "", detail: "" }}
        error={answer?.error ?? null}
      />
    </Frame>
  );
}
