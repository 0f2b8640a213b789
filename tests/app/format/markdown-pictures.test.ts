import { describe, expect, test } from "vitest";
import { bookOf } from "@models/instrument.server";
import { listNamedAssets, type BodyPicture } from "~/format/markdown-pictures.server";
import { renderComment, renderPost, type RenderContext } from "~/format/markdown.server";
import { withCpuMs } from "../../support/cpu";

const OWN = "0123456789abcdef0123456789abcdef";
const TALL = "11111111111111111111111111111111";
const FOREIGN = "ffffffffffffffffffffffffffffffff";
const files = (format: string, widths: number[]) => widths.map((width) => ({ name: `${width}.${format}`, width }));
const picture = (given: Partial<BodyPicture> = {}): BodyPicture => ({
  base: `/m/${OWN}`,
  width: 1080,
  height: 720,
  animated: false,
  files: { jpg: files("jpg", [320, 640, 1080]), webp: files("webp", [320, 640, 1080]), avif: [] },
  ...given,
});
const context: RenderContext = {
  lang: "zh-CN",
  instruments: bookOf([]),
  resolveMention: () => undefined,
  pictures: new Map([
    [OWN, picture()],
    [TALL, picture({ base: `/m/${TALL}`, width: 700, height: 1600 })],
  ]),
};
const render = (source: string) => renderPost(source, context);
const html = (source: string) => render(source).html;
const count = (source: string) => (html(source).match(/<img /g) ?? []).length;

describe("a picture of the writer's own", () => {
  test("is drawn from its files alone, with its description and caption as text", () => {
    expect(html(`![三种"费用" <b>](media:${OWN} "来源：<自己算的>")`)).toBe(
      '<figure class="pic"><picture>' +
        `<source type="image/webp" srcset="/m/${OWN}/320.webp 320w, /m/${OWN}/640.webp 640w, /m/${OWN}/1080.webp 1080w" sizes="(min-width: 44rem) 640px, calc(100vw - 32px)">` +
        `<img src="/m/${OWN}/640.jpg" srcset="/m/${OWN}/320.jpg 320w, /m/${OWN}/640.jpg 640w, /m/${OWN}/1080.jpg 1080w" sizes="(min-width: 44rem) 640px, calc(100vw - 32px)" width="1080" height="720" alt="三种&#x22;费用&#x22; <b>" loading="lazy" decoding="async">` +
        "</picture><figcaption>来源：&#x3C;自己算的></figcaption></figure>",
    );
  });

  test("offers AVIF when there is AVIF, and a still picture to whoever asks for less motion", () => {
    const avif = renderPost(`![a](media:${OWN})`, { ...context, pictures: new Map([[OWN, picture({ files: { jpg: files("jpg", [320]), webp: files("webp", [320]), avif: files("avif", [320]) } })]]) }).html;
    expect(avif.indexOf("image/avif")).toBeLessThan(avif.indexOf("image/webp"));
    expect(avif).toContain(`srcset="/m/${OWN}/320.avif 320w"`);
    const moving = renderPost(`![a](media:${OWN})`, { ...context, pictures: new Map([[OWN, picture({ animated: true, files: { jpg: files("jpg", [320]), webp: files("webp", [640]), avif: [] } })]]) }).html;
    expect(moving).toContain('media="(prefers-reduced-motion: no-preference)"');
  });

  test("splits a paragraph, keeps its line ends tidy, and stands in lists and quotes", () => {
    expect(html(`前面\n![a](media:${OWN})\n后面`)).toMatch(/^<p>前面<\/p>\n?<figure class="pic">.*<\/figure>\n?<p>后面<\/p>$/s);
    expect(html(`- 一\n  ![a](media:${OWN})`)).toMatch(/<li>\s*(<p>)?一(<\/p>)?\s*<figure/);
    expect(html(`> ![a](media:${OWN})`)).toMatch(/<blockquote>\s*<figure/);
    expect(html(`![a](media:${TALL})`)).toContain('<figure class="pic tall">');
  });

  test("is listed in order with what is said about it; a decorative one says nothing", () => {
    const { pictures } = render(`![ 图 ](media:${OWN})\n\n![x](media:${TALL}#decorative "留白")`);
    expect(pictures).toEqual([
      { assetId: OWN, alt: "图", caption: "", decorative: false },
      { assetId: TALL, alt: "", caption: "留白", decorative: true },
    ]);
    expect(html(`![x](media:${TALL}#decorative)`)).toContain('alt=""');
  });

  test("keeps the description out of the excerpt and the reading time in whole", () => {
    expect(render(`![看图](media:${OWN})\n\n正文从这里开始。`).excerpt).toBe("正文从这里开始。");
  });
});

describe("everything else stays words", () => {
  const rows: [name: string, source: string, expected: string][] = [
    ["somebody else's", `![别人的图](media:${FOREIGN})`, "<p>别人的图</p>"],
    ["somebody else's without a word", `前![](media:${FOREIGN})后`, "<p>前后</p>"],
    ["an id of the wrong length", "![短](media:0123)", "<p>短</p>"],
    ["an id in capitals", `![大写](media:${OWN.toUpperCase()})`, "<p>大写</p>"],
    ["an id with a path", `![路](media:${OWN}/../x)`, "<p>路</p>"],
    ["an id with an unknown mark", `![标](media:${OWN}#x)`, "<p>标</p>"],
    ["an address by reference", `![引][1]\n\n[1]: media:${OWN}`, "<p>引</p>"],
    ["a link to it", `[链](media:${OWN})`, "<p>链</p>"],
    ["a script as address", "![x](javascript:alert(1))", "<p>x</p>"],
    ["a data address", "![x](data:image/svg+xml;base64,AAAA)", "<p>x</p>"],
    ["in code", `\`![a](media:${OWN})\``, `<p><code>![a](media:${OWN})</code></p>`],
    ["in emphasis", `**![粗](media:${OWN})**`, "<p><strong>粗</strong></p>"],
    ["in a link", `[![图](media:${OWN})](https://a.example)`, ">图</a>"],
    ["in a heading", `## ![题](media:${OWN})`, "<h2>题</h2>"],
    ["in a table", `| a |\n|---|\n| ![格](media:${OWN}) |`, "<td>格</td>"],
  ];
  test.each(rows)("%s", (_name, source, expected) => {
    expect(html(source)).toContain(expected);
    expect(html(source)).not.toMatch(/<(img|figure|picture|source)\b/);
  });

  test("a comment has no pictures", () => {
    const out = renderComment(`![图](media:${OWN})`, context).html;
    expect(out).not.toMatch(/<(img|figure)\b/);
    expect(out).toContain("图");
  });

  test("a figure written as HTML is text", () => {
    expect(count(`<figure data-picture="0"></figure>\n\n![a](media:${OWN})`)).toBe(1);
  });

  test("pictures by the thousand are drawn in bounded time", () => {
    const { result, cpuMs } = withCpuMs(() => render(`![a](media:${OWN})`.repeat(400)));
    expect(result.pictures).toHaveLength(400);
    expect(cpuMs).toBeLessThan(4_000);
  });
});

test("ids are found wherever they stand, once each and not without end", () => {
  expect(listNamedAssets(`![a](media:${OWN}) media:${OWN} \`media:${FOREIGN}\` media:xyz`, 100)).toEqual([OWN, FOREIGN]);
  expect(listNamedAssets(Array.from({ length: 300 }, (_, n) => `media:${n.toString(16).padStart(32, "0")}`).join(" "), 100)).toHaveLength(100);
});
