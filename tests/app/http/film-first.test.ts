import { expect, test } from "vitest";
import { showFilmFirst } from "~/http/film-first.server";
import { replaceNonceByHashes } from "../../../app/server/csp";

const NONCE = "bm9uY2U";
const SCRIPTS = `<link rel="modulepreload" href="/assets/a.js"/><script nonce="${NONCE}">window.x = 1</script><script nonce="${NONCE}" type="module" async="">import "/assets/a.js"</script>`;
const page = (body: string) => `<html><head><meta charset="utf-8"/></head><body>${body}${SCRIPTS}</body></html>`;

test("a page without a film stays as it is, whatever its text says", () => {
  for (const body of ["<p>words</p>", "<p>a &lt;video data-films=&quot;</p>"]) expect(showFilmFirst(page(body), NONCE)).toBe(page(body));
});

test("a page with a film begins with the script that starts it, and holds the others back", () => {
  const html = showFilmFirst(page('<video data-films="[]"></video>'), NONCE);
  expect(html).toMatch(new RegExp(`^<html><head><script nonce="${NONCE}">document\\.currentScript\\.remove\\(\\)`));
  expect(html).not.toContain('rel="modulepreload"');
  expect(html).toContain('<link rel="held" href="/assets/a.js"/>');
  expect(html).toContain(`<script nonce="${NONCE}" type="held" async="">import "/assets/a.js"</script>`);
  // What makes the data of the page is no module and runs as before.
  expect(html).toContain(`<script nonce="${NONCE}">window.x = 1</script>`);
});

test("the starter is a script that can be read, and a kept page names it and the held one by hash", () => {
  const html = showFilmFirst(page('<video data-films="[]"></video>'), NONCE);
  const [, starter = ""] = /<head><script[^>]*>([\s\S]*?)<\/script>/.exec(html) ?? [];
  expect(() => new Function(starter)).not.toThrow();
  expect(starter).not.toMatch(/\bexport\b|\bimport\b|\/\*|<\//);
  expect(replaceNonceByHashes(html, NONCE).hashes).toHaveLength(3);
});
