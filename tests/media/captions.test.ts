import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CaptionsInvalid, captionsToTranscript, parseCaptions, serializeCaptions } from "@media/captions";
import { CAPTIONS_LENGTH_MAX } from "@models/media-reasons";

const parse = (source: string | Uint8Array, durationSec: number | null = null) => parseCaptions(source, { durationSec });
const cue = (startMs: number, endMs: number, text: string) => ({ startMs, endMs, text });
const oneCue = (text: string) => parse(`WEBVTT\n\n00:01.000 --> 00:02.000\n${text}\n`)[0]?.text;
function refusalOf(source: string | Uint8Array, durationSec: number | null = null): unknown {
  try {
    return parse(source, durationSec);
  } catch (error) {
    return error;
  }
}

describe("files", () => {
  test("WebVTT: header, notes, styles, regions, identifiers and settings are left out", () => {
    const file = "WEBVTT - title\nKind: captions\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000\n\nSTYLE\n::cue { background: url(https://example.com/x) }\n\nREGION\nid:fred\n\nNOTE a remark\nof two lines\n\nintro\n00:01.000 --> 00:02.500 line:0 position:20%\nHello\n\n01:00:00.000 --> 01:00:01.000\nLate\n";
    expect(parse(file)).toEqual([cue(1000, 2500, "Hello"), cue(3_600_000, 3_601_000, "Late")]);
  });

  test("SubRip: numbers, commas, fonts, placements and forgotten empty lines", () => {
    const file = '1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}<font color="red">你好</font>\r\n世界\r\n2\r\n00:00:03,5 --> 00:00:04\r\n<i>Second</i>\r\n\r\n3\r\n';
    expect(parse(file)).toEqual([cue(1000, 2000, "你好\n世界"), cue(3500, 4000, "<i>Second</i>")]);
  });

  test("cues come in order, cut at the clip's end; those behind it are gone", () => {
    const file = "WEBVTT\n\n00:05.000 --> 00:30.000\nlast\n\n00:01.000 --> 00:02.000\nfirst\n\n00:10.000 --> 00:11.000\ngone\n";
    expect(parse(file, 10)).toEqual([cue(1000, 2000, "first"), cue(5000, 10_000, "last")]);
    expect(parse(file)).toHaveLength(3);
  });

  const chinese = "1\n00:00:01,000 --> 00:00:02,000\n基金的费用从净值里扣\n";
  test.each([
    ["UTF-8 with its mark", Buffer.from(`\uFEFF${chinese}`), "基金的费用从净值里扣"],
    ["UTF-16", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(chinese, "utf16le")]), "基金的费用从净值里扣"],
    ["GB18030", Buffer.concat([Buffer.from("1\n00:00:01,000 --> 00:00:02,000\n"), Buffer.from("bbf9bdf0b5c4b7d1d3c3", "hex")]), "基金的费用"],
    ["Latin-1", Buffer.from("1\n00:00:01,000 --> 00:00:02,000\nLes frais sont pr\xe9lev\xe9s\n", "latin1"), "Les frais sont prélevés"],
  ])("%s is read", (_, bytes, text) => {
    expect(parse(bytes)).toEqual([cue(1000, 2000, text)]);
  });
});

describe("words", () => {
  test.each([
    ["plain", "plain"],
    ["<b>bold</b> <I>slant</I> <u>line</u>", "<b>bold</b> <i>slant</i> <u>line</u>"],
    ["<v Ann Lee>Hi", "<v Ann Lee>Hi</v>"],
    ["<c.yellow.bg_blue>x</c>", "<c.yellow.bg_blue>x</c>"],
    ["<ruby>基<rt>jī</rt></ruby>", "<ruby>基<rt>jī</rt></ruby>"],
    ["<lang en>fee</lang>", "<lang en>fee</lang>"],
    ["<b><i>crossed</b></i>", "<b><i>crossed</i></b>"],
    ["never </b>opened", "never opened"],
    ["<script>alert(1)</script>", "alert(1)"],
    ['<img src=x onerror="alert(1)">x', "x"],
    ["<00:01.500>karaoke", "karaoke"],
    ["3 < 5 & 7 > 6", "3 &lt; 5 &amp; 7 &gt; 6"],
    ["a &amp; b &lt;i&gt;", "a &amp; b &lt;i&gt;"],
    ["<v <b>>x", "&lt;v <b>&gt;x</b>"],
    ['<v "><script>">x', '<v ">"&gt;x</v>'],
    ["turned\u202E round\u0007", "turned round"],
    ["!\n</b> en>\n{\\an8} x", "!\nen&gt;\nx"],
  ])("%s", (given, wanted) => {
    expect(oneCue(given)).toBe(wanted);
  });

  test("a cue without words is no cue", () => {
    expect(parse("WEBVTT\n\n00:01.000 --> 00:02.000\n<b></b>\n\n00:03.000 --> 00:04.000\nx")).toEqual([cue(3000, 4000, "x")]);
  });

  test("whatever is sent, the file that is served holds known tags alone, closed in order, and reads back the same", () => {
    const pieces = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("<", ">", "</", "<b>", "</b>", "<v x>", "<c.a", "-->", "&amp;", "&", "\n", "{\\an1}", "<script>", "<lang", " en>", "00:01.000 --> 00:02.000")), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, (words) => {
        const given = words.join("").replace(/\0/g, "").replaceAll("-->", "→");
        const read = refusalOf(`WEBVTT\n\n00:01.000 --> 00:02.000\n${given}`);
        if (read instanceof CaptionsInvalid) return;
        const cues = read as ReturnType<typeof parse>;
        const file = serializeCaptions(cues);
        expect(parse(file)).toEqual(cues);
        const open: string[] = [];
        for (const [, closing, name] of file.replaceAll(" --> ", " ").matchAll(/<(\/?)([^\s.>]*)[^>]*>/g)) {
          expect(["b", "i", "u", "c", "v", "ruby", "rt", "lang"]).toContain(name);
          if (closing) expect(open.pop()).toBe(name);
          else open.push(name!);
        }
        expect(open).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("what the author is told", () => {
  test.each([
    ["no times at all", "just some words", "media.captions.noTime", 1],
    ["nothing", "", "media.captions.noCues", null],
    ["a header alone", "WEBVTT\n\nNOTE nothing yet\n", "media.captions.noCues", null],
    ["a broken time", "WEBVTT\n\n00:01.000 --> 00:02.000\nok\n\n00:0x --> 00:04.000\nbad", "media.captions.badTime", 6],
    ["61 seconds", "WEBVTT\n\n00:61.000 --> 00:70.000\nbad", "media.captions.badTime", 3],
    ["an end before the start", "1\n00:00:05,000 --> 00:00:04,000\nbad", "media.captions.endsBeforeStart", 2],
    ["words without a time", "WEBVTT\n\n00:01.000 --> 00:02.000\nok\n\nlost words", "media.captions.noTime", 6],
  ])("%s", (_, source, messageKey, line) => {
    expect(refusalOf(source)).toMatchObject({ name: "CaptionsInvalid", code: "INVALID", messageKey, line, fields: { captions: messageKey } });
  });

  test("captions of another, longer clip", () => {
    expect(refusalOf("WEBVTT\n\n01:00.000 --> 01:01.000\nx", 10)).toMatchObject({ messageKey: "media.captions.afterTheEnd" });
  });

  test("too many, too long, no text", () => {
    const many = Array.from({ length: 2001 }, (_, at) => `00:00:${String(at % 60).padStart(2, "0")}.000 --> 01:00:00.000\nx`).join("\n\n");
    expect(refusalOf(`WEBVTT\n\n${many}`)).toMatchObject({ messageKey: "media.captions.tooMany", params: { max: 2000 } });
    const longest = `WEBVTT\n\n00:01.000 --> 00:02.000\n${"字".repeat(CAPTIONS_LENGTH_MAX)}`.slice(0, CAPTIONS_LENGTH_MAX);
    expect(parse(Buffer.from(longest))).toHaveLength(1);
    expect(refusalOf(`${longest}字`)).toMatchObject({ messageKey: "media.captions.tooLong" });
    expect(refusalOf(Buffer.from(`${longest}字`))).toMatchObject({ messageKey: "media.captions.tooLong" });
    expect(refusalOf(Buffer.alloc(CAPTIONS_LENGTH_MAX * 4 + 1))).toMatchObject({ messageKey: "media.captions.tooLong" });
    expect(refusalOf(Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0xff, 0xfe]))).toMatchObject({ messageKey: "media.captions.unreadable" });
  });

  test("whatever is sent, the longest text is answered in under a second of CPU time", () => {
    for (const piece of ["<", "<v ", "&", "-->\n", ".a", "<c.a", "{\\", "\n"]) {
      const source = `WEBVTT\n\n00:01.000 --> 00:02.000\n${piece.repeat(CAPTIONS_LENGTH_MAX)}`.slice(0, CAPTIONS_LENGTH_MAX);
      const startedAt = process.cpuUsage();
      expect(refusalOf(source)).not.toMatchObject({ messageKey: "media.captions.tooLong" });
      const { user, system } = process.cpuUsage(startedAt);
      expect((user + system) / 1e6, piece).toBeLessThan(1);
    }
  });
});

describe("transcript", () => {
  test("one line for a cue: speakers in front, readings left out, repeats said once, Chinese lines joined", () => {
    const cues = [cue(0, 1, "<v 小林>费用从\n净值里扣</v>"), cue(1, 2, "<b>Fees</b> are\ntaken &amp; kept"), cue(2, 3, "<b>Fees</b> are\ntaken &amp; kept"), cue(3, 4, "<ruby>基<rt>jī</rt></ruby>金")];
    expect(captionsToTranscript(cues)).toBe("小林: 费用从净值里扣\nFees are taken & kept\n基金");
  });
});

test("the file that is written", () => {
  expect(serializeCaptions([cue(1500, 3_600_001, "x\ny")])).toBe("WEBVTT\n\n00:00:01.500 --> 01:00:00.001\nx\ny\n");
});
