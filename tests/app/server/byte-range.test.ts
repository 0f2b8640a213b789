import { expect, test } from "vitest";
import { chooseRange } from "~/server/byte-range";

const FILE = { etag: '"a-b.mp4"', lastModified: "Mon, 02 Mar 2026 04:00:00 GMT", sizeBytes: 1000 };

test.each<[string, string | undefined, string | undefined, string]>([
  ["no range", undefined, undefined, "whole"],
  ["the beginning", "bytes=0-99", undefined, "0-99"],
  ["one byte", "bytes=0-0", undefined, "0-0"],
  ["the last byte", "bytes=999-999", undefined, "999-999"],
  ["from a byte on", "bytes=100-", undefined, "100-999"],
  ["the end", "bytes=-100", undefined, "900-999"],
  ["more of the end than there is", "bytes=-5000", undefined, "0-999"],
  ["past the end", "bytes=900-5000", undefined, "900-999"],
  ["all of it", "bytes=0-", undefined, "0-999"],
  ["capitals and spaces", "Bytes= 1 - 2 ", undefined, "1-2"],
  ["beyond the file", "bytes=1000-", undefined, "impossible"],
  ["nothing of the end", "bytes=-0", undefined, "impossible"],
  ["backwards", "bytes=5-2", undefined, "whole"],
  ["several", "bytes=0-1,5-6", undefined, "whole"],
  ["another unit", "lines=0-1", undefined, "whole"],
  ["nonsense", "bytes=a-b", undefined, "whole"],
  ["neither end", "bytes=-", undefined, "whole"],
  ["a number without end", `bytes=${"9".repeat(400)}-`, undefined, "whole"],
  ["part of this file", "bytes=0-99", FILE.etag, "0-99"],
  ["part of this file by date", "bytes=0-99", FILE.lastModified, "0-99"],
  ["part of another file", "bytes=0-99", '"other"', "whole"],
  ["part of a file of another date", "bytes=0-99", "Mon, 02 Mar 2026 04:00:01 GMT", "whole"],
  ["part by a weak tag", "bytes=0-99", `W/${FILE.etag}`, "whole"],
])("given %s, then the right bytes", (_what, range, ifRange, expected) => {
  const answer = chooseRange({ range, ifRange, ...FILE });
  expect(answer.kind === "part" ? `${answer.start}-${answer.end}` : answer.kind).toBe(expected);
});

test("given an empty file, then no part of it can be had", () => {
  expect(chooseRange({ range: "bytes=0-", ifRange: undefined, ...FILE, sizeBytes: 0 })).toEqual({ kind: "impossible" });
  expect(chooseRange({ range: undefined, ifRange: undefined, ...FILE, sizeBytes: 0 })).toEqual({ kind: "whole" });
});
