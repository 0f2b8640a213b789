import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { TextPage } from "~/components/layout/TextPage";
import { loadTextPage } from "~/http/text-page.server";
import { metaFor } from "~/seo/meta";

export function loader({ request }: LoaderFunctionArgs) {
  return loadTextPage(request, "sharing");
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "feed", titleKey: "common.sharing" });

export default function Sharing() {
  return <TextPage {...useLoaderData<typeof loader>()} />;
}
