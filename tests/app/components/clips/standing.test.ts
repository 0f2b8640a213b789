import { describe, expect, test } from "vitest";
import { ASSET_STATES } from "@models/media-asset.server";
import { standingText } from "~/components/clips/ClipStanding";
import "~/i18n/locale.server";
import { LOCALES } from "~/i18n/locales";
import { getFixedT } from "~/i18n/t";

describe.each(LOCALES)("what the author of a clip that waits is told in %s", (locale) => {
  const t = getFixedT(locale);

  test("every state has a sentence of its own; what can be played is one of them", () => {
    const states = [...ASSET_STATES, "review", "gone"] as const;
    const sentences = states.map((state) => standingText(t, { state, reason: null }));
    expect(sentences.filter((sentence) => sentence.includes("media.standing") || sentence.includes("{"))).toEqual([]);
    expect(new Set(sentences).size).toBe(states.length - 1);
  });

  test("a refusal says why", () => {
    expect(standingText(t, { state: "rejected", reason: "too_long" })).toContain(t("media.reason.too_long"));
  });
});
