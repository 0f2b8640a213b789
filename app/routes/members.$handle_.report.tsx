import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData, useLocation } from "@remix-run/react";
import { ReportForm } from "~/components/compose/ReportForm";
import { Frame } from "~/components/layout/Shell";
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
  const answer = useActionData<typeof action>();
  const { pathname } = useLocation();
  return (
    <Frame>
      <ReportForm
        {...target}
        action={pathname}
        back={pathname.replace(/\/report$/, "")}
        filed={answer?.filed ?? null}
        typed={answer?.typed ?? { reason: "", detail: "" }}
        error={answer?.error ?? null}
      />
    </Frame>
  );
}
