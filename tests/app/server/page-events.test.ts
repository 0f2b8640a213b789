import { beforeEach, expect, test } from "vitest";
import { announce } from "@models/page-event.server";
import { PageCache } from "~/server/page-cache";
import { followPageEvents, type PagePoll } from "~/server/page-events";
import { useDatabase } from "../../support/db";

useDatabase();

const AT_NOON = new Date("2026-03-02T12:00:00Z");
const seconds = (count: number) => new Date(AT_NOON.getTime() + count * 1000);

function cacheWith(...tags: string[]): PageCache<string> {
  const cache = new PageCache<string>({ bytesMax: 10_000, maxAgeMs: 60_000, staleMaxMs: 0 });
  for (const tag of tags) void cache.make(tag, () => Promise.resolve({ page: tag, tags: [tag], bytes: 10, keep: true }), 0);
  return cache;
}

let polls: PagePoll[] = [];
beforeEach(() => () => {
  for (const poll of polls) poll.stop();
  polls = [];
});

function follow(cache: PageCache<string>): PagePoll {
  const poll = followPageEvents(cache);
  polls.push(poll);
  return poll;
}

test("given two processes that keep pages, when one announces a change, then both drop the page at their next poll", async () => {
  const here = cacheWith("post:1", "post:2");
  const there = cacheWith("post:1", "post:2");
  await announce(["post:1"], AT_NOON);
  for (const cache of [here, there]) {
    await follow(cache).poll(seconds(1));
    expect(cache.get("post:1", 0)).toBeUndefined();
    expect(cache.get("post:2", 0)?.page).toBe("post:2");
  }
});

test("given a change that commits later than the instant it carries, when the next poll comes, then it is still seen", async () => {
  const cache = cacheWith("post:3");
  const poll = follow(cache);
  await poll.poll(seconds(10));
  await announce(["post:3"], AT_NOON);
  expect(await poll.poll(seconds(11))).toBe(1);
  expect(cache.pages).toBe(0);
});

test("given an event seen before, when the same look-back is read again, then nothing is dropped twice", async () => {
  const cache = cacheWith("post:4");
  const poll = follow(cache);
  await announce(["post:4"], seconds(60));
  expect(await poll.poll(seconds(61))).toBe(1);
  await cache.make("post:4", () => Promise.resolve({ page: "newer", tags: ["post:4"], bytes: 10, keep: true }), 0);
  expect(await poll.poll(seconds(62))).toBe(0);
  expect(cache.get("post:4", 0)?.page).toBe("newer");
});

test("given more events than one poll reads, then every page is dropped rather than one kept too long", async () => {
  const cache = cacheWith("post:5", "post:6");
  const poll = followPageEvents(cache, undefined, 20);
  polls.push(poll);
  for (let i = 0; i < 20; i += 1) await announce(["feed:latest:zh-CN"], seconds(300));
  await poll.poll(seconds(301));
  expect(cache.pages).toBe(0);
});
