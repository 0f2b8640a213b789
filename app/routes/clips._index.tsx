import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useLocation } from "@remix-run/react";
import { ClipScreen } from "~/components/clips/ClipScreen";
import { keepsClips } from "~/components/clips/revalidation";
import { loadClipFeed } from "~/http/clip-loader.server";
import { pageTags } from "~/http/feed-loader.server";
import { metaFor } from "~/seo/meta";
import clipsCss from "~/styles/clips.css?url";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: clipsCss }];
export const headers = pageTags;
export const shouldRevalidate = keepsClips;

export function loader({ request }: LoaderFunctionArgs) {
  return loadClipFeed(request, { kind: "recommended" });
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) =>
  metaFor({ matches, location, kind: "feed", titleKey: "clips.title", descriptionKey: "clips.about" });

export default function RecommendedClips() {
  const { page } = useLoaderData<typeof loader>();
  return <ClipScreen key={useLocation().key} page={page} feed="" />;
}
