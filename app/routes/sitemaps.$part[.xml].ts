import type { LoaderFunctionArgs } from "@remix-run/node";
import { NotFound } from "@models/errors";
import { SitemapStream, streamToPromise } from "sitemap";
import { env } from "~/env.server";
import { toResponse } from "~/http/errors.server";
import { readSitemapPart } from "~/services/sitemap.server";

export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  try {
    const name = params.part ?? "";
    const urls = await readSitemapPart(name, new Date());
    if (!urls) throw new NotFound(`sitemap part ${name}`);
    const stream = new SitemapStream({ hostname: env.PUBLIC_URL, xmlns: { news: false, video: false, image: false, xhtml: true } });
    for (const { path, lastChangedAt, languages } of urls) {
      stream.write({ url: path, lastmod: lastChangedAt?.toISOString(), links: languages?.map(({ lang, path: url }) => ({ lang, url })) });
    }
    stream.end();
    return new Response((await streamToPromise(stream)).toString("utf8"), { headers: { "Content-Type": "application/xml; charset=utf-8", "Cache-Control": "public, max-age=600" } });
  } catch (error) {
    return toResponse(error, request);
  }
}
