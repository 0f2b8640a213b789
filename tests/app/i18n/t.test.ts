import { beforeEach, describe, expect, test, vi } from "vitest";
import type * as Module from "~/i18n/t";

/** A fresh copy for each test: what the browser has loaded is kept in the module. */
let i18n: typeof Module;
beforeEach(async () => {
  vi.resetModules();
  i18n = await import("~/i18n/t");
});

describe("sentences", () => {
  test.each([
    ["en", 0, "0 posts"],
    ["en", 1, "1 post"],
    ["en", 999, "999 posts"],
    ["en", 1204, "1,204 posts"],
    ["zh-CN", 1, "1 篇"],
    ["zh-CN", 1204, "1,204 篇"],
  ] as const)("%s counts %i", (locale, count, expected) => {
    i18n.registerMessages("en", { "feed.posts_one": "{count} post", "feed.posts_other": "{count} posts" });
    i18n.registerMessages("zh-CN", { "feed.posts_other": "{count} 篇" });
    expect(i18n.getFixedT(locale)("feed.posts", { count })).toBe(expected);
  });

  test("names are filled in, unknown ones stay, and a key that nobody wrote shows itself", () => {
    i18n.registerMessages("en", { "feed.hello": "Hello {name}, {other}" });
    const t = i18n.getFixedT("en");
    expect(t("feed.hello", { name: "Mei" })).toBe("Hello Mei, {other}");
    expect(t("feed.nothing")).toBe("feed.nothing");
  });
});

describe("sentences that come later", () => {
  test("given a server, then a page says whether it used one", () => {
    i18n.registerMessages("en", { "feed.more": "More" });
    i18n.registerLaterMessages("en", { "auth.login": "Log in" });
    const t = i18n.getFixedT("en");
    expect(i18n.noteLater(() => t("feed.more"))).toEqual({ made: "More", later: false });
    expect(i18n.noteLater(() => t("auth.login"))).toEqual({ made: "Log in", later: true });
    expect(i18n.noteLater(() => t("feed.more")).later).toBe(false);
  });

  test("given a browser, when one is asked for, then it is blank, fetched once, and the page hears when it has come", async () => {
    const fetch = vi.fn(async () => i18n.registerLaterMessages("en", { "auth.login": "Log in" }));
    const redraw = vi.fn();
    i18n.registerMessages("en", { "feed.more": "More" });
    i18n.setFetchLater(fetch);
    i18n.onLaterMessages(redraw);
    const before = i18n.getLaterVersion();
    const t = i18n.getFixedT("en");
    fetch.mockImplementationOnce(async () => {
      await Promise.resolve();
      i18n.registerLaterMessages("en", { "auth.login": "Log in" });
    });
    expect([t("auth.login"), t("auth.login"), t("feed.more")]).toEqual(["", "", "More"]);
    await i18n.allMessages();
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(redraw).toHaveBeenCalledTimes(1);
    expect(i18n.getLaterVersion()).toBe(before + 1);
    expect(t("auth.login")).toBe("Log in");
  });

  test("given a browser that could not get them, then keys show themselves and nothing is asked again", async () => {
    const fetch = vi.fn(async () => i18n.registerLaterMessages("en", {}));
    i18n.registerMessages("en", {});
    i18n.setFetchLater(fetch);
    await i18n.allMessages();
    expect(i18n.getFixedT("en")("auth.login")).toBe("auth.login");
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});
