/**
 * Words that break a rule about money, found while writing. Pure, safe in the browser. A hint never stops anyone: a post
 * that warns of a scam must be able to quote it. A poll is refused, because its question is the whole of it.
 */
export interface WordRule {
  /** Locale key of the sentence that says why. */
  key: "returnPromise" | "insiderTip" | "groupInvite" | "callToTrade";
  pattern: RegExp;
}

const RULES: readonly WordRule[] = [
  { key: "returnPromise", pattern: /稳赚不赔|保本保息|稳赚|包赚|必赚|零风险高收益|无风险套利|躺赚|只赚不赔|翻倍不是梦/ },
  { key: "returnPromise", pattern: /\b(?:guaranteed returns?|risk[- ]free profits?|can(?:no|')t lose|sure[- ]fire (?:win|profit)|double your money)\b/i },
  { key: "insiderTip", pattern: /内幕消息|内部消息|主力马上拉升|庄家要拉|明天必涨|必涨停/ },
  { key: "insiderTip", pattern: /\b(?:inside(?:r)? (?:tip|information)|about to (?:moon|explode)|sure to (?:rise|double))\b/i },
  { key: "groupInvite", pattern: /加(?:我)?(?:微信|QQ群|V信|薇信)|进群带(?:你|单)|老师带单|跟单群/i },
  { key: "groupInvite", pattern: /\b(?:join my (?:signal|trading) group|dm me for (?:signals|tips)|whatsapp me)\b/i },
  { key: "callToTrade", pattern: /(?:赶紧|赶快|马上|立刻|立即|闭眼)(?:买入?|上车|满仓|梭哈|加仓|抄底)|满仓梭哈/ },
  { key: "callToTrade", pattern: /\b(?:buy (?:it )?(?:right )?now|all[- ]in now|load up now|sell everything)\b/i },
];

export interface WordHint {
  key: WordRule["key"];
  match: string;
  /** Paragraph as a person counts, from 1. */
  paragraph: number;
  /** Where it stands in the text, for a jump there. */
  index: number;
}

const HINTS_MAX = 5;

export function findWordHints(text: string): WordHint[] {
  const hints: WordHint[] = [];
  for (const { key, pattern } of RULES) {
    const found = pattern.exec(text);
    if (!found) continue;
    const paragraph = text.slice(0, found.index).split(/\n\s*\n/).length;
    hints.push({ key, match: found[0], paragraph, index: found.index });
  }
  return hints.sort((a, b) => a.index - b.index).slice(0, HINTS_MAX);
}

const TRADE_ZH = "买入?|卖出?|加仓|减仓|清仓|建仓|抄底|上车|满仓|梭哈|割肉|补仓|申购|赎回";
const ASKS_TO_TRADE: readonly RegExp[] = [
  new RegExp(`(?:该不该|要不要|应不应该|应该|能不能|可不可以|可以|能|该|值得|适合|敢|敢不敢|打算|准备)(?:现在|今天|明天|继续)?(?:${TRADE_ZH}|入手|持有)(?!.{0,12}(?:之前|以前|时|前))`),
  new RegExp(`(?:现在|今天|明天|下周)[^，。？?]{0,6}(?:${TRADE_ZH})(?:吗|么|？|\\?|$)`),
  new RegExp(`(?:${TRADE_ZH})(?:还是|或者?)(?:${TRADE_ZH}|持有|观望)`),
  /看涨还是看跌|看多还是看空|涨还是跌|会不会涨|会涨吗|会跌吗|目标价/,
  /\b(?:should|shall|would|will|can) (?:i|we|you|they|one)(?: (?:now|still|rather|really|just))? (?:buy|sell|short|hold|go long)\b(?! (?:when|before|without))/i,
  /\bare (?:you|we) (?:still )?(?:buying|selling|holding|shorting)\b/i,
  /\b(?:buy|sell|hold)\b\s*(?:,|\/|or)\s*\b(?:buy|sell|hold)\b/i,
  /\b(?:time to|good (?:time|moment) to) (?:buy|sell)\b|\bbullish or bearish\b|\bprice target\b|\bwill (?:it|.{1,30}) (?:rise|fall|go up|go down)\b/i,
];
const IS_A_TRADE = new RegExp(`^(?:我?(?:会|要)?(?:${TRADE_ZH}|持有|观望)|buy|sell|hold|short|long|bullish|bearish|看涨|看跌|看多|看空)[。.!！]?$`, "i");

/** True for a poll that asks whether to trade: by its question, or because two answers are trades. */
export function asksToTrade({ question, options }: { question: string; options: string[] }): boolean {
  const clean = question.replace(/\s+/g, " ");
  return ASKS_TO_TRADE.some((pattern) => pattern.test(clean)) || options.filter((option) => IS_A_TRADE.test(option.trim())).length >= 2;
}
