import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { TextPage } from "~/components/layout/TextPage";
import { loadTextPage } from "~/http/text-page.server";
import { metaFor } from "~/seo/meta";

export function loader({ request }: LoaderFunctionArgs) {
  return loadTextPage(request, "rules");
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "feed", titleKey: "common.rules" });

export default function Rules() {
  return <TextPage {...useLoaderData<typeof loader>()} />;
}
