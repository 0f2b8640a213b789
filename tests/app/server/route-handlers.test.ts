import { createRequestHandler, type AppLoadContext, type EntryContext, type ServerBuild } from "@remix-run/node";
import { expect, test } from "vitest";
import { createRouteHandlers } from "~/server/route-handlers";

/** Routes that compete for the same addresses, parents with children, and one that takes what nobody else wants. */
const ROUTES: [id: string, path: string | undefined, parentId?: string, index?: true][] = [
  ["root", ""],
  ["home", undefined, "root", true],
  ["latest", "latest", "root"],
  ["new", "posts/new", "root"],
  ["post", "posts/:postId", "root"],
  ["like", "posts/:postId/like", "root"],
  ["thread", "posts/:postId/comments/:commentId", "root"],
  ["console", "moderation", "root"],
  ["queue", undefined, "console", true],
  ["item", "items/:itemId", "console"],
  ["card", "share/post/:postId.png", "root"],
  ["rest", "*", "root"],
];
const RESOURCES = new Set(["like", "card"]);
const FUTURE = { v3_fetcherPersist: true, v3_relativeSplatPath: true, v3_throwAbortReason: true, v3_lazyRouteDiscovery: true, v3_routeConfig: false, v3_singleFetch: true, unstable_optimizeDeps: false };

/** Instead of a page, what would be rendered: which routes match, with what, and what the browser hears of the rest. */
function document(_request: Request, status: number, _headers: Headers, { staticHandlerContext, manifest }: EntryContext): Response {
  const { matches, loaderData } = staticHandlerContext;
  return Response.json({ status, matches: matches.map(({ route, params }) => [route.id, params]), loaderData, known: Object.keys(manifest.routes) });
}

function build(): ServerBuild {
  const loaderOf = (id: string) => ({ params }: { params: object }) => (id === "rest" ? Promise.reject(new Response("no such page", { status: 404 })) : RESOURCES.has(id) ? new Response(`made by ${id}`) : { id, params });
  return {
    entry: { module: { default: document, handleError: () => undefined } },
    routes: Object.fromEntries(ROUTES.map(([id, path, parentId, index]) => [id, { id, path, parentId, index, module: { loader: loaderOf(id), default: RESOURCES.has(id) ? undefined : () => null, ErrorBoundary: id === "root" ? () => null : undefined } }])),
    assets: { entry: { imports: [], module: "/entry.js" }, routes: Object.fromEntries(ROUTES.map(([id, path, parentId, index]) => [id, { id, path, parentId, index, hasLoader: true, module: `/${id}.js` }])), url: "/manifest.js", version: "one" },
    publicPath: "/",
    assetsBuildDirectory: "none",
    basename: "/",
    mode: "production",
    isSpaMode: false,
    future: FUTURE,
  } as unknown as ServerBuild;
}

const facts = { nonce: "n", requestId: "r", clientAddress: "", isBot: false, startedAtMs: 0 } as AppLoadContext;
const whole = createRequestHandler(build(), "production");
const narrow = createRouteHandlers(build());

const ADDRESSES = [
  "/", "/latest", "/latest/", "/?cursor=1", "/posts/new", "/posts/abc", "/posts/%E9%87%91", "/posts/abc/like", "/posts/abc/comments/c1",
  "/posts", "/moderation", "/moderation/items/7", "/share/post/abc.png", "/nothing/like/this", "//double",
  "/_root.data", "/latest.data", "/posts/abc.data?_routes=post", "/moderation/items/7.data", "/nothing.data",
  "/__manifest?p=%2Fposts%2Fabc&p=%2Flatest&version=one",
];

async function said(response: Response) {
  const text = await response.text();
  const isDocument = text.startsWith('{"status"');
  // What the browser is told at first is for the renderer to choose from; it is compared below.
  const { known: _known, ...document } = (isDocument ? JSON.parse(text) : {}) as { known?: string[] };
  return { status: response.status, type: response.headers.get("Content-Type"), body: isDocument ? document : text };
}

test.each(ADDRESSES)("%s is answered as by the whole table", async (address) => {
  const ask = () => new Request(`http://site.test${address}`);
  const expected = await said(await whole(ask(), facts));
  expect(await said(await narrow(ask(), facts))).toEqual(expected);
  // The second time it comes from what is remembered.
  expect(await said(await narrow(ask(), facts))).toEqual(expected);
});

test("given a page, then its handler knows the routes of that address and of those above it", async () => {
  const knownFor = async (address: string) => ((await (await narrow(new Request(`http://site.test${address}`), facts)).json()) as { known: string[] }).known;
  expect(await knownFor("/latest")).toEqual(["root", "home", "latest"]);
  // "/posts" and "/posts/abc/comments" are no pages, but the browser is told what would answer there.
  expect(await knownFor("/posts/abc/comments/c1")).toEqual(["root", "home", "post", "thread", "rest"]);
  expect(await knownFor("/moderation/items/7")).toEqual(["root", "home", "console", "queue", "item", "rest"]);
});
