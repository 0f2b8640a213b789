import { describe, expect, test } from "vitest";
import { getVote } from "@models/poll-vote.server";
import { getPost, type Poll } from "@models/post.server";
import { asksToTrade, findWordHints } from "~/format/finance-words";
import { castVote } from "~/services/polls.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makePost, minutesAfter } from "../support/posts";
import { makeWriter } from "../support/writers";

useDatabase();

const POLL: Poll = {
  question: "你知道自己基金的总费率吗",
  multiple: false,
  closesAt: minutesAfter(AT_NOON, 60),
  options: ["知道", "大概", "没看过"].map((text, index) => ({ id: `o${index + 1}`, text, votes: 0 })),
  voters: 0,
};

async function setup(given: Partial<Poll> = {}) {
  const author = await makeWriter();
  const post = await makePost({ authorId: author.id, poll: { ...POLL, ...given } });
  const stored = async () => (await getPost(post._id))?.poll;
  return { postId: post._id, stored, author };
}

describe("votes", () => {
  test("given sixteen members at once, when they vote, then the counts are exact and results open for each", async () => {
    const { postId, stored } = await setup();
    const members = await Promise.all(Array.from({ length: 16 }, () => makeWriter()));
    await Promise.all(members.map((member, index) => castVote({ postId, memberId: member.id, choices: [`o${(index % 2) + 1}`] }, AT_NOON)));
    const poll = await stored();
    expect(poll?.voters).toBe(16);
    expect(poll?.options.map((option) => option.votes)).toEqual([8, 8, 0]);
  });

  test("given one member in four tabs, when all vote at once, then one vote stands", async () => {
    const { postId, stored } = await setup();
    const { id: memberId } = await makeWriter();
    await Promise.all(["o1", "o1", "o2", "o3"].map((choice) => castVote({ postId, memberId, choices: [choice] }, AT_NOON)));
    const poll = await stored();
    expect(poll?.voters).toBe(1);
    expect(poll?.options.reduce((sum, option) => sum + option.votes, 0)).toBe(1);
    const [choice] = await getVote(postId, memberId);
    expect(poll?.options.find((option) => option.id === choice)?.votes).toBe(1);
  });

  test("given several choices, when they change, then each count follows the difference", async () => {
    const { postId, stored } = await setup({ multiple: true });
    const { id: memberId } = await makeWriter();
    await castVote({ postId, memberId, choices: ["o1", "o2", "o2"] }, AT_NOON);
    const view = await castVote({ postId, memberId, choices: ["o2", "o3"] }, AT_NOON);
    expect(view).toMatchObject({ voters: 1, chosen: ["o2", "o3"] });
    expect((await stored())?.options.map((option) => option.votes)).toEqual([0, 1, 1]);
  });

  test.each([
    ["no choice", [], "INVALID"],
    ["two where one is asked", ["o1", "o2"], "INVALID"],
    ["an answer that is not there", ["o9"], "INVALID"],
    ["a prototype name", ["__proto__"], "INVALID"],
  ])("given %s, when sent, then it is refused and nothing counts", async (_name, choices, code) => {
    const { postId, stored } = await setup();
    const { id: memberId } = await makeWriter();
    await expect(castVote({ postId, memberId, choices }, AT_NOON)).rejects.toMatchObject({ code });
    expect((await stored())?.voters).toBe(0);
  });

  test("given an ended poll or a post without one, when voted, then it is refused", async () => {
    const { postId, author } = await setup();
    const { id: memberId } = await makeWriter();
    await expect(castVote({ postId, memberId, choices: ["o1"] }, minutesAfter(AT_NOON, 60))).rejects.toMatchObject({ code: "CONFLICT", messageKey: "poll.closedRefused" });
    const plain = await makePost({ authorId: author.id });
    await expect(castVote({ postId: plain._id, memberId, choices: ["o1"] }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("polls that ask to trade", () => {
  test.each([
    ["现在该不该买入茅台", ["该", "不该"]],
    ["要不要加仓", ["要", "不要"]],
    ["买入还是卖出？", ["买", "卖"]],
    ["明天会涨吗", ["会", "不会"]],
    ["你怎么看", ["买入", "卖出"]],
    ["看涨还是看跌", ["涨", "跌"]],
    ["Should I buy this fund?", ["Yes", "No"]],
    ["Buy or sell?", ["a", "b"]],
    ["Is it time to buy?", ["Yes", "No"]],
    ["What now?", ["Buy", "Hold", "Sell"]],
  ])("%s %j is refused", (question, options) => expect(asksToTrade({ question, options })).toBe(true));

  test.each([
    ["你买基金之前会看费率页吗", ["会", "偶尔", "不看"]],
    ["你的应急金够用几个月", ["不到 3 个月", "3 到 6 个月", "6 个月以上"]],
    ["你知道自己基金的总费率吗", ["知道", "大概知道", "没看过"]],
    ["分期手续费 0.5% 的真实年利率大约是多少", ["6%", "11%", "0.5%"]],
    ["你第一次亏钱时做了什么", ["卖掉了", "没动", "忘了账户密码"]],
    ["How many months of spending do you hold in cash?", ["Under 3", "3 to 6", "More"]],
    ["Have you ever sold in a panic?", ["Yes", "No"]],
    ["Do you read the fee page before you buy a fund?", ["Always", "Never"]],
  ])("%s is welcome", (question, options) => expect(asksToTrade({ question, options })).toBe(false));
});

describe("hints while writing", () => {
  test("name the words, the reason and the paragraph", () => {
    expect(findWordHints("第一段。\n\n第二段。\n\n这是稳赚不赔的。")).toEqual([{ key: "returnPromise", match: "稳赚不赔", paragraph: 3, index: 14 }]);
    expect(findWordHints("Guaranteed returns, join my trading group").map((hint) => hint.key)).toEqual(["returnPromise", "groupInvite"]);
    expect(findWordHints("费率页看三行就够。")).toEqual([]);
  });
});
