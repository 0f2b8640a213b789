import type { LoaderFunctionArgs } from "@remix-run/node";
import { NotFound } from "@models/errors";
import { SitemapStream, streamToPromise } from "sitemap";
import { env } from "~/env.server";
import { toResponse } from "~/http/errors.server";
import { readSitemapPart, type SitemapVideo } from "~/services/sitemap.server";

export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  try {
    const name = params.part ?? "";
    const urls = await readSitemapPart(name, new Date());
    if (!urls) throw new NotFound(`sitemap part ${name}`);
    const stream = new SitemapStream({ hostname: env.PUBLIC_URL, xmlns: { news: false, video: true, image: false, xhtml: true } });
    for (const { path, lastChangedAt, languages, video } of urls) {
      stream.write({ url: path, lastmod: lastChangedAt?.toISOString(), links: languages?.map(({ lang, path: url }) => ({ lang, url })), video: video ? [toVideo(video)] : undefined });
    }
    stream.end();
    return new Response((await streamToPromise(stream)).toString("utf8"), { headers: { "Content-Type": "application/xml; charset=utf-8", "Cache-Control": "public, max-age=600" } });
  } catch (error) {
    return toResponse(error, request);
  }
}

/** Lengths as the format has them: a title of 100, a description of 2,048 characters, whole seconds. */
function toVideo({ title, description, thumbnailPath, filePath, durationSec, publishedAt }: SitemapVideo) {
  return {
    title: title.slice(0, 100),
    description: description.slice(0, 2_048),
    thumbnail_loc: env.PUBLIC_URL + thumbnailPath,
    content_loc: env.PUBLIC_URL + filePath,
    duration: Math.max(1, Math.round(durationSec)),
    publication_date: publishedAt.toISOString(),
  };
}
