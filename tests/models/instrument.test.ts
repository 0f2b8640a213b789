import { beforeAll, describe, expect, test } from "vitest";
import { findInstrument, loadInstruments, searchInstruments } from "@models/instrument.server";
import { useDatabase } from "../support/db";
import { AT_NOON } from "../support/posts";
import { BOOK, makeReferenceRows } from "../support/writers";

useDatabase();
beforeAll(() => makeReferenceRows());

describe("instrument master", () => {
  test("finds by full code, bare code and small letters once loaded", async () => {
    await loadInstruments(AT_NOON);
    expect(findInstrument("SH600519")?.name["zh-CN"]).toBe("贵州茅台");
    expect(findInstrument("00700")?._id).toBe("HK00700");
    expect(findInstrument("aapl")?._id).toBe("AAPL");
    expect(findInstrument("constructor")).toBeUndefined();
    expect(BOOK.find("SH000000")).toBeUndefined();
  });
  test.each([
    ["600519", "SH600519"],
    ["茅台", "SH600519"],
    ["gzmt", "SH600519"],
    ["腾讯", "HK00700"],
    ["tencent", "HK00700"],
    ["沪深", "SH510300"],
    ["ＡＡＰＬ", "AAPL"],
    ["$aapl$", "AAPL"],
  ])("typeahead %s finds %s first", async (text, id) => {
    expect((await searchInstruments({ text, limit: 8 }, AT_NOON))[0]?._id).toBe(id);
  });
  test.each(["", "   ", "不存在的名字", ".*", "$"])("typeahead %j finds nothing", async (text) => {
    expect(await searchInstruments({ text, limit: 8 }, AT_NOON)).toEqual([]);
  });
});
