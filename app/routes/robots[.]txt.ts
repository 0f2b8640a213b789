import { env } from "~/env.server";

/** Pages that belong to one reader, or that only answer a press of a button. */
const PRIVATE = ["/account", "/gate", "/intents", "/login", "/join", "/code", "/reset", "/logout", "/outbox", "/following", "/saved", "/search", "/drafts", "/out", "/posts/new", "/posts/*/edit"];

export function loader(): Response {
  const lines = ["User-agent: *", ...PRIVATE.map((path) => `Disallow: ${path}`), "", `Sitemap: ${env.PUBLIC_URL}/sitemap.xml`, ""];
  return new Response(lines.join("\n"), { headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "public, max-age=3600" } });
}
