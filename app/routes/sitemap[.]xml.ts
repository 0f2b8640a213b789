import { SitemapIndexStream, streamToPromise } from "sitemap";
import { env } from "~/env.server";
import { listSitemapParts } from "~/services/sitemap.server";

export async function loader(): Promise<Response> {
  const stream = new SitemapIndexStream();
  for (const { name } of await listSitemapParts(new Date())) stream.write({ url: `${env.PUBLIC_URL}/sitemaps/${name}.xml` });
  stream.end();
  return new Response((await streamToPromise(stream)).toString("utf8"), { headers: { "Content-Type": "application/xml; charset=utf-8", "Cache-Control": "public, max-age=600" } });
}
