import { createRequestHandler, type AppLoadContext, type ServerBuild } from "@remix-run/node";
import { matchRoutes } from "@remix-run/react";
import { LRUCache } from "lru-cache";

/**
 * Remix walks its whole route table five times for each page: to match, to match again, to rebuild it for React, and to
 * tell the browser about its surroundings. With some seventy routes that was an eighth of a page's time
 * (docs/decisions/0010-uncached-render.md). Here each address gets a handler that knows only the routes that Remix
 * would find for it: those that match, and those that match the addresses above it, which the browser is told about.
 * Guarantee: the answer is the one that the whole table gives.
 */
export type Handler = (request: Request, facts: AppLoadContext) => Promise<Response>;

type Place = Parameters<typeof matchRoutes>[0][number];

/** Addresses remembered with their handler; the next one after that costs one more walk. */
const ADDRESSES_MAX = 5_000;
const ADDRESS_LENGTH_MAX = 200;

export function createRouteHandlers(build: ServerBuild): Handler {
  const whole = createRequestHandler(build, "production");
  const table = routeTable(build.routes);
  const byRoutes = new Map<string, Handler>();
  const byAddress = new LRUCache<string, Handler>({ max: ADDRESSES_MAX });

  function find(address: string): Handler {
    const ids = idsAround(table, address);
    // Nothing matches: the whole table answers, and says so in its own way.
    if (ids.length === 0) return whole;
    const name = ids.join(" ");
    const known = byRoutes.get(name);
    if (known) return known;
    const made: Handler = createRequestHandler(withRoutes(build, ids), "production");
    byRoutes.set(name, made);
    return made;
  }

  return (request, facts) => {
    const address = addressOf(request);
    if (address === null) return whole(request, facts);
    const known = byAddress.get(address);
    if (known) return known(request, facts);
    const handler = find(address);
    if (address.length <= ADDRESS_LENGTH_MAX) byAddress.set(address, handler);
    return handler(request, facts);
  };
}

/** The page's address; null for what asks about the table itself, or in the older way about one route. */
function addressOf({ url }: Request): string | null {
  const { pathname, searchParams } = new URL(url);
  if (pathname === "/__manifest" || searchParams.has("_data")) return null;
  if (!pathname.endsWith(".data")) return pathname;
  return pathname === "/_root.data" ? "/" : pathname.slice(0, -".data".length);
}

/** Ids of the routes that match the address, and of those that match each address above it; empty when none does. */
function idsAround(table: Place[], address: string): string[] {
  const segments = address.split("/").filter(Boolean);
  const above = segments.map((_, index) => `/${segments.slice(0, index).join("/")}`);
  const own = matchesOf(table, address);
  return own.length === 0 ? [] : [...new Set([...own, ...above.flatMap((path) => matchesOf(table, path))])].sort();
}

function matchesOf(table: Place[], address: string): string[] {
  return (matchRoutes(table, address) ?? []).flatMap(({ route }) => route.id ?? []);
}

type Routes = ServerBuild["routes"];

function routeTable(routes: Routes, parentId?: string): Place[] {
  return Object.values(routes).flatMap((route): Place[] => {
    if (!route || route.parentId !== parentId) return [];
    const { id, path, caseSensitive } = route;
    const place = { id, ...(path === undefined ? {} : { path }), ...(caseSensitive === undefined ? {} : { caseSensitive }) };
    return [route.index ? { ...place, index: true } : { ...place, children: routeTable(routes, id) }];
  });
}

/** The build with these routes alone; what matches is whole, because parents match with their children. */
function withRoutes(build: ServerBuild, ids: string[]): ServerBuild {
  const chosen = new Set(ids);
  return { ...build, routes: only(build.routes, chosen), assets: { ...build.assets, routes: only(build.assets.routes, chosen) } };
}

function only<T>(all: Record<string, T>, ids: Set<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([id]) => ids.has(id)));
}
