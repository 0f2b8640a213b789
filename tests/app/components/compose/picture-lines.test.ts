import { describe, expect, test } from "vitest";
import { describePicture, listPictureLines, pictureParagraph, pictureSource, placeForPicture, removePicture, swapPictures } from "~/components/compose/picture-lines";
import { renderPost } from "~/format/markdown.server";

const A = "a".repeat(32);
const B = "b".repeat(32);
const BODY = `一\n\n![图甲](media:${A} "来源：年报")\n\n二\n\n![](media:${B}#decorative)\n\n三`;

describe("pictures in a text", () => {
  test("are read with what is said about them", () => {
    expect(listPictureLines(BODY).map(({ assetId, alt, decorative }) => [assetId, alt, decorative])).toEqual([
      [A, "图甲", false],
      [B, "", true],
    ]);
    expect(listPictureLines(`![a](https://x.example/a.png) ![b](media:xyz) [c](media:${A})`)).toEqual([]);
  });

  test.each(["三种[费用]的\\对比", "a *b* _c_ `d` <e>", "两\n行", "  ", "]("])("say %j the same way in the composer and in the post", (alt) => {
    const source = pictureSource({ assetId: A, alt });
    const [line] = listPictureLines(source);
    expect(line?.source).toBe(source);
    const [ref] = renderPost(source, { lang: "zh-CN", instruments: { find: () => undefined }, resolveMention: () => undefined }).pictures;
    expect(ref?.alt).toBe(line?.alt.trim());
    expect(line?.alt).toBe(alt.replace(/\s+/g, " "));
  });

  test("keep their caption when they are described anew", () => {
    expect(describePicture(BODY, 0, { alt: "新说明", decorative: false })).toContain(`![新说明](media:${A} "来源：年报")`);
    expect(describePicture(BODY, 1, { alt: "说了", decorative: false })).toContain(`![说了](media:${B})`);
    expect(describePicture(BODY, 7, { alt: "x", decorative: false })).toBe(BODY);
  });

  test("change places while the words stay", () => {
    const swapped = swapPictures(BODY, 0, 1);
    expect(listPictureLines(swapped).map(({ assetId }) => assetId)).toEqual([B, A]);
    expect(swapped.replace(/!\[[^\n]*/g, "P")).toBe(BODY.replace(/!\[[^\n]*/g, "P"));
    expect(swapPictures(swapped, 1, 0)).toBe(BODY);
    expect(swapPictures(BODY, 1, 2)).toBe(BODY);
  });

  test("leave no gap behind, and take no word with them", () => {
    expect(removePicture(BODY, 0)).toBe(`一\n\n二\n\n![](media:${B}#decorative)\n\n三`);
    expect(removePicture(`前![x](media:${A})后`, 0)).toBe("前后");
    expect(removePicture(`![x](media:${A})`, 0)).toBe("");
  });

  test("go after the line of the cursor, or between those that were chosen before and after them", () => {
    const put = (body: string, cursor: number, ...batch: string[]) => {
      const at = placeForPicture(body, cursor, "P", batch);
      return body.slice(0, at) + pictureParagraph(body, at, "P") + body.slice(at);
    };
    expect(put("", 0)).toBe("P\n\n");
    expect(put("一句话", 1)).toBe("一句话\n\nP\n\n");
    expect(put("一\n二", 0)).toBe("一\n\nP\n\n二");
    const [a, b] = [`![x](media:${A})`, `![](media:${B})`];
    expect(put(`${a}\n\n尾`, 0, A, "P")).toBe(`${a}\n\nP\n\n尾`);
    expect(put(`头\n\n${b}\n\n尾`, 9, "P", B)).toBe(`头\n\nP\n\n${b}\n\n尾`);
    expect(put(`${a}\n\n${b}`, 0, A, "P", B)).toBe(`${a}\n\nP\n\n${b}`);
    // Its member has moved them meanwhile: what was chosen before it counts.
    expect(put(`${b}\n\n${a}`, 0, A, "P", B)).toBe(`${b}\n\n${a}\n\nP\n\n`);
    expect(put("尾", 0, A, "P", B)).toBe("尾\n\nP\n\n");
  });
});
