import { describe, expect, test } from "vitest";
import { bookOf, type Instrument } from "@models/instrument.server";
import { cleanText, isBlank } from "~/format/clean-text";
import { countGraphemes, takeGraphemes } from "~/format/graphemes";
import { listMentionedHandles, renderComment, renderPost, type RenderContext } from "~/format/markdown.server";
import { withCpuMs } from "../../support/cpu";

const INSTRUMENTS: Instrument[] = [
  { _id: "SH510300", code: "510300", exchange: "SH", kind: "etf", name: { "zh-CN": "沪深300ETF", en: "CSI 300 ETF" }, aliases: ["hs300etf"] },
  { _id: "AAPL", code: "AAPL", exchange: "US", kind: "stock", name: { "zh-CN": "苹果", en: "Apple" }, aliases: ["pg"] },
];
const MEMBERS: Record<string, { id: string; handle: string }> = { nanshan: { id: "m1", handle: "nanshan" } };
const context: RenderContext = { lang: "zh-CN", instruments: bookOf(INSTRUMENTS), resolveMention: (handle) => MEMBERS[handle] };

const html = (source: string) => renderPost(source, context).html;
const commentHtml = (source: string) => renderComment(source, context).html;

/** Whatever the input: only these tags, no handlers, no styles, no scheme but three. */
function expectHarmless(html: string): void {
  // Values of attributes are escaped by the writer of the HTML; the names and the tags are what can do harm.
  const out = html.replace(/="[^"]*"/g, '=""');
  expect(out).not.toMatch(/<(?!\/?(p|br|h2|h3|h4|ul|ol|li|blockquote|strong|em|del|code|pre|a|hr|table|thead|tbody|tr|th|td|div|figure|figcaption|details|summary|svg|title|path|circle|rect|text)\b)/i);
  for (const [tag] of out.matchAll(/<[^>]*>/g)) expect(tag).not.toMatch(/\s(on\w+|style|src|srcdoc|formaction|xlink:href)\s*=/i);
  for (const [, href] of html.matchAll(/\shref="([^"]*)"/g)) expect(href).toMatch(/^(https?:\/\/|mailto:|\/(?!\/)|#)/);
}

describe("hostile text becomes harmless text", () => {
  const rows: [name: string, source: string, expected: RegExp | string][] = [
    ["raw script", "<script>alert(1)</script>", "&#x3C;script>alert(1)&#x3C;/script>"],
    ["image with handler", '<img src=x onerror="alert(1)">', "&#x3C;img src=x onerror"],
    ["inline html keeps its markdown", "a <b onclick=x>**b**</b>", "<strong>b</strong>"],
    ["javascript link", "[x](javascript:alert(1))", "<p>x</p>"],
    ["javascript link in capitals with entities", "[x](JaVaScRiPt&colon;alert(1))", "<p>x</p>"],
    ["javascript autolink", "<javascript:alert(1)>", /^<p>(?!.*href)/],
    ["data link", "[x](data:text/html;base64,PHNjcmlwdD4=)", "<p>x</p>"],
    ["protocol-relative link", "[x](//evil.example/a)", "<p>x</p>"],
    ["backslash host", "[x](/\\evil.example)", "<p>x</p>"],
    ["tab in scheme", "[x](java&#9;script:alert(1))", "<p>x</p>"],
    ["javascript picture", "![x](javascript:alert(1))", "<p>x</p>"],
    ["picture becomes a link", "![chart](https://img.example/a.png)", '<a href="/out?to=https%3A%2F%2Fimg.example%2Fa.png" rel="nofollow ugc noopener">chart</a>'],
    ["reference link", "[x][1]\n\n[1]: javascript:alert(1)", "<p>x</p>"],
    ["nested brackets", "[a [b](https://x.example)](javascript:alert(1))", "/out?to="],
    ["title attribute breaks out", `[x](https://a.example '" onmouseover="alert(1)')`, "/out?to=https%3A%2F%2Fa.example%2F"],
    ["login part of an address is dropped", "[bank](https://bank.example@evil.example/)", "to=https%3A%2F%2Fevil.example%2F"],
    ["comment", "<!-- x -->", "&#x3C;!-- x -->"],
    ["svg", "<svg><animate onbegin=alert(1)></svg>", "&#x3C;svg>"],
    ["style block", "<style>*{display:none}</style>", "&#x3C;style>"],
    ["null byte", "a\u0000b", "<p>ab</p>"],
    ["bidi override", "a\u202Egnp.exe\u202C", "<p>agnp.exe</p>"],
    ["bidi isolates and marks", "\u2066a\u2069\u200f", "<p>a</p>"],
    ["zero-width flood", `买${"\u200b".repeat(5_000)}入`, "<p>买入</p>"],
    ["byte order marks and fillers", "\ufeffa\u3164\u00adb", "<p>ab</p>"],
    ["mark flood", `a${"\u0301".repeat(900)}`, /^<p>\S\u0301{4}<\/p>$/],
    ["lone surrogate", "a\ud800b", "<p>a\ufffdb</p>"],
    ["code fence language", '```"><script>\nx\n```', "<pre><code>x\n</code></pre>"],
    ["front matter stays text", "---\ntitle: x\n---", "title: x"],
  ];
  test.each(rows)("%s", (_name, source, expected) => {
    const out = html(source);
    expectHarmless(out);
    expectHarmless(commentHtml(source));
    if (typeof expected === "string") expect(out).toContain(expected);
    else expect(out).toMatch(expected);
  });
});

describe("size and nesting are bounded in time", () => {
  const rows: [name: string, source: string][] = [
    ["20,000 emoji", "👨‍👩‍👧‍👦".repeat(20_000)],
    ["quotes 20,000 deep", ">".repeat(20_000) + " a"],
    ["lists nested on one line", "- ".repeat(10_000) + "a"],
    ["quotes and lists nested on one line", "> - ".repeat(5_000) + "a"],
    ["numbers nested on one line", "1. ".repeat(6_000) + "a"],
    ["a staircase of twelve marks a line", Array.from({ length: 29 }, (_, step) => `${" ".repeat(24 * step)}${"- ".repeat(12)}a`).join("\n")],
    ["lists nested by indent", Array.from({ length: 200 }, (_, depth) => `${"  ".repeat(depth)}- a`).join("\n")],
    ["a table that would fill up to 12 million cells", `${"|a".repeat(2_000)}|\n${"|-".repeat(2_000)}|\n${"a\n".repeat(6_000)}`],
    ["open brackets", "[".repeat(20_000)],
    ["open images", "![".repeat(10_000)],
    ["nested links", "[a](".repeat(5_000)],
    ["alternating stars", "*a **b ".repeat(2_800)],
    ["closing stars", "a**b*".repeat(4_000)],
    ["underlined words", "=\n".repeat(10_000)],
    ["underlined dashes", "--\n".repeat(6_600)],
    ["backticks of all lengths", Array.from({ length: 190 }, (_, length) => "`".repeat(length + 1)).join(" ")],
    ["dollars", "$".repeat(20_000)],
    ["half tickers", "$a(".repeat(6_600)],
    ["ats", "@a ".repeat(6_600)],
    ["addresses", "https://a.example/x ".repeat(1_000)],
    ["mail addresses", "a@".repeat(10_000)],
    ["one long word", "a".repeat(20_000)],
    ["line breaks", "a\n".repeat(10_000)],
    ["entities", "&amp;".repeat(4_000)],
    ["html openings", "<a ".repeat(6_600)],
  ];
  test.each(rows)("%s", (_name, source) => {
    const { result: out, cpuMs } = withCpuMs(() => renderPost(source, context));
    expectHarmless(out.html);
    expect(out.html.length).toBeLessThan(3_000_000);
    expect(out.excerpt.length).toBeLessThan(1_500 + 40);
    // The slowest takes some 0.8 s; what this excludes is seconds that grow with the square of the length.
    expect(cpuMs).toBeLessThan(8_000);
  });
  test.each([
    ["stars", "a**b*", 1_500],
    ["underscores", "_a_ ", 1_500],
    ["tildes", "~~a~~ ", 1_500],
    ["underlines", "a\n=\n", 300],
    ["rules", "a\n\n---\n", 300],
  ])("what would take the parser the square of its length is taken as typed: %s", (_name, piece, times) => {
    expect(html(piece.repeat(times))).toMatch(/<(?:em|strong|del|h2|hr)\b/);
    const typed = html(piece.repeat(times + 1));
    expect(typed).not.toMatch(/<(?:em|strong|del|h2|hr)\b/);
    expect(typed).toContain(piece.trim().split("\n").at(-1));
  });
});

describe("what a writer means", () => {
  test("headings begin at h2 whatever the writer began with, and end at h4", () => {
    expect(html("# A\n\n## B\n\n##### C")).toContain("<h2>A</h2>\n<h3>B</h3>\n<h4>C</h4>");
    expect(html("### A\n\n#### B")).toContain("<h2>A</h2>\n<h3>B</h3>");
  });
  test("a known ticker links under the master's name, an unknown one stays text", () => {
    const out = renderPost("看 $沪深300ETF(SH510300)$ 和 $AAPL$，不是 $骗人的名字(SH510300)$，也不是 $没有(SH999999)$ 或 $5。", context);
    expect(out.html).toContain('<a href="/tickers/SH510300" class="tick">沪深300ETF(SH510300)</a>');
    expect(out.html).toContain('<a href="/tickers/AAPL" class="tick">AAPL</a>');
    expect(out.html).not.toContain("骗人的名字");
    expect(out.html).toContain("$没有(SH999999)$");
    expect(out.tickers).toEqual(["SH510300", "AAPL"]);
  });
  test("amounts in dollars before a ticker do not swallow it", () => {
    expect(renderPost("It costs $5 and $AAPL$ is an example.", { ...context, lang: "en" }).tickers).toEqual(["AAPL"]);
  });
  test("a ticker in code or in an address stays as typed", () => {
    expect(renderPost("`$AAPL$` and [x $AAPL$](https://a.example)", context).tickers).toEqual([]);
  });
  test("a known handle links, an unknown one and a mail address stay", () => {
    const out = renderPost("谢谢@NanShan，还有 @nobody_here 和 a@nanshan.example", context);
    expect(out.html).toContain('<a href="/members/nanshan" class="mention">@NanShan</a>');
    expect(out.html).toContain("@nobody_here");
    expect(out.mentions).toEqual(["m1"]);
    expect(listMentionedHandles("谢谢@NanShan @b @nanshan")).toEqual(["nanshan"]);
  });
  test("known hosts open directly, unknown ones pass the confirm page, own paths carry no rel", () => {
    expect(html("[a](https://www.csrc.gov.cn/x)")).toContain('<a href="https://www.csrc.gov.cn/x" rel="nofollow ugc noopener">');
    expect(html("[a](https://csrc.gov.cn.evil.example/)")).toContain("/out?to=https%3A%2F%2Fcsrc.gov.cn.evil.example%2F");
    expect(html("[a](/posts/x)")).toContain('<a href="/posts/x">a</a>');
  });
  test("a bare address ends where the Chinese sentence goes on", () => {
    expect(html("见 https://a.example/b，再说。")).toContain('to=https%3A%2F%2Fa.example%2Fb" rel="nofollow ugc noopener">https://a.example/b</a>，再说。');
  });
  test("a single tilde is a range, a line end is a line end", () => {
    expect(html("3~5 天，7~9 天\n第二行")).toBe("<p>3~5 天，7~9 天<br>\n第二行</p>");
  });
  test("tables scroll by themselves and right-aligned columns are figures", () => {
    const out = html("| a | b |\n|---|--:|\n| x | 1 |");
    expect(out).toContain('<div class="table-scroll" tabindex="0"><table>');
    expect(out).toContain('<td class="num">1</td>');
  });
  test("comments keep headings, tables and pictures as typed", () => {
    expect(commentHtml("# a")).toBe("<p># a</p>");
    expect(commentHtml("|a|b|\n|-|-|\n|1|2|")).not.toContain("<table");
    expect(commentHtml("**a** `b` > c\n- d")).toContain("<strong>a</strong>");
    expect(commentHtml("谢谢 @nanshan")).toContain('class="mention"');
  });
  test("the excerpt is running text without headings, codes or tables", () => {
    const out = renderPost("## 题\n\n第一段，$沪深300ETF(SH510300)$ 举例。\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n\n第二段。", context);
    expect(out.excerpt).toBe("第一段，沪深300ETF(SH510300) 举例。 第二段。");
    expect(renderPost("字".repeat(500), context).excerpt).toBe(`${"字".repeat(100)}…`);
    expect(renderPost("word ".repeat(200), context).excerpt).toMatch(/^(word )+word…$/);
  });
  test("reading time counts both scripts", () => {
    expect(renderPost("字".repeat(1_200), context).readMinutes).toBe(3);
    expect(renderPost("word ".repeat(660), context).readMinutes).toBe(3);
    expect(renderPost("短", context).readMinutes).toBe(1);
  });
});

const CHART = `\`\`\`chart
type: line
title: 10 万元，年化 6%
unit: 万元
x: [0, 10, 30]
xUnit: 年
series:
  - { name: 无费, values: [10, 17.9, 57.4] }
  - { name: <b>0.5%</b>, values: [10, 17.1, 49.8] }
source: 10 × (1 + 6% − 费率)ⁿ
\`\`\``;

describe("charts", () => {
  test("are drawn with a text equivalent, a table behind a disclosure and the source under them", () => {
    const out = renderPost(CHART, context);
    expectHarmless(out.html);
    expect(out.html).toContain('role="img" aria-label="10 万元，年化 6%. 0年 到 30年. 无费 10 到 57.4万元;');
    expect(out.html).toContain('class="line s1"');
    expect(out.html).toContain("<details><summary>看数据</summary>");
    expect(out.html).toContain("算式或来源：10 × (1 + 6% − 费率)ⁿ");
    expect(out.chart).toEqual({ type: "line", series: [[10, 17.9, 57.4], [10, 17.1, 49.8]] });
    expect(out.html.match(/<svg[^>]*aria-label="([^"]*)"/)?.[1]).toContain("57.4万元");
  });
  test("bars stand on zero, also with negative values", () => {
    const out = renderPost(CHART.replace("type: line", "type: bar").replace("[10, 17.9, 57.4]", "[-10, 17.9, 57.4]"), context);
    const bars = [...out.html.matchAll(/<rect class="bar-fill s1" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g)].slice(-3);
    const [negative, positive] = bars.map(([, y, height]) => ({ top: Number(y), bottom: Number(y) + Number(height) }));
    expect(Math.abs((negative?.top ?? 0) - (positive?.bottom ?? 9))).toBeLessThan(0.3);
  });
  const broken: [string, string][] = [
    ["not YAML", CHART.replace("[0, 10, 30]", "[0, 10")],
    ["a series of another length", CHART.replace("[0, 10, 30]", "[0, 10, 20, 30]")],
    ["values that are not numbers", CHART.replace("57.4]", "x]")],
    ["infinity", CHART.replace("57.4]", ".inf]")],
    ["five series", CHART.replace("source:", Array(4).fill("  - { name: a, values: [1, 2, 3] }").join("\n") + "\nsource:")],
    ["YAML bombs", "```chart\na: &a [x, x]\nb: &b [*a, *a]\ntype: line\n```"],
    ["no data", "```chart\n```"],
  ];
  test.each(broken)("%s: shown as text with the reason", (_name, source) => {
    const out = renderPost(source, context);
    expectHarmless(out.html);
    expect(out.html).toContain('<p class="chart-broken">');
    expect(out.html).toContain("<pre><code>");
    expect(out.chart).toBeNull();
  });
  test("flat, tiny and huge values still give finite coordinates", () => {
    for (const values of ["[0, 0, 0]", "[5, 5, 5]", "[-3, -2, -1]", "[0.00001, 0.00002, 0.00003]", "[1, 99999999999, 2]"]) {
      for (const type of ["line", "bar"]) {
        const out = html(CHART.replace("[10, 17.9, 57.4]", values).replace("type: line", `type: ${type}`));
        expect(out).toContain("<svg");
        expect(out).not.toMatch(/NaN|Infinity|height="-/);
      }
    }
  });
});

describe("length as people see it", () => {
  test.each([
    ["abc", 3],
    ["基金入门", 4],
    ["👨‍👩‍👧‍👦", 1],
    ["👍🏽👍🏽", 2],
    ["🇨🇳", 1],
    ["e\u0301", 1],
    ["❤️", 1],
    ["", 0],
  ])("%j counts %i", (text, count) => expect(countGraphemes(text)).toBe(count));
  test("cuts between characters", () => expect(takeGraphemes("👨‍👩‍👧‍👦字", 1)).toBe("👨‍👩‍👧‍👦"));
  test("keeps emoji whole when cleaning, and knows text nobody can see", () => {
    for (const emoji of ["👨‍👩‍👧‍👦", "❤️‍🔥", "1️⃣", "🏳️‍🌈", "👩🏽‍💻"]) expect(cleanText(emoji)).toBe(emoji);
    expect(isBlank(" \u200b\u3164\u200d\ufe0f\n")).toBe(true);
    expect(isBlank("。")).toBe(false);
  });
});
