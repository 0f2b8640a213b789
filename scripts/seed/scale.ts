import { insertComments, type Comment } from "../../models/comment.server";
import { inTransaction } from "../../models/connection.server";
import { feedEntriesOf, insertFeedEntries } from "../../models/feed-entry.server";
import { changeMemberCounts, insertMember } from "../../models/member.server";
import { insertPosts, type Post } from "../../models/post.server";
import { insertTopics, listStoredTopics } from "../../models/topic.server";
import { loadSeedContent } from "./content";
import { idFrom, randomFrom } from "./draw";
import { topicOf } from "./plant";

/**
 * A large set for measuring: the same on every run. Titles, words and times differ from post to post; bodies repeat,
 * because rendering a hundred thousand of them would measure the renderer. Members write in turn.
 */
export interface Scale {
  posts: number;
}

const MEMBERS = 200;
const BATCH = 1_000;
/** Posts are spread over this many months, so that a month's feed grows with the set as a real one would. */
const MONTHS = 12;
const COMMENTS_PER_POST = 2;
const LANGUAGES = ["zh-CN", "zh-CN", "en"] as const;
const BODY: Record<(typeof LANGUAGES)[number], { body: string; html: string; excerpt: string; title: string; comment: string }> = {
  "zh-CN": {
    title: "把一笔钱放三十年，费率差多少",
    excerpt: "十万元，每年 6%，费率差 0.5%，三十年后差出一辆车。算给你看。",
    body: "十万元，每年 6%，费率差 0.5%。\n\n".repeat(8),
    html: "<p>十万元，每年 6%，费率差 0.5%，三十年后差出一辆车。先看公式，再看每一年，最后看你自己的那一份。</p>".repeat(8),
    comment: "算过一遍，和文中的数字对得上。",
  },
  en: {
    title: "What half a per cent costs over thirty years",
    excerpt: "A hundred thousand at six per cent, and a fee of half a per cent more. The difference is a car.",
    body: "A hundred thousand at six per cent.\n\n".repeat(8),
    html: "<p>A hundred thousand at six per cent, and a fee of half a per cent more. First the formula, then each year, then your own share of it.</p>".repeat(8),
    comment: "Checked it against my own sheet, and it agrees.",
  },
};

export async function plantScale({ posts: count }: Scale, now: Date, report: (done: number) => void): Promise<void> {
  const topics = await ensureTopics();
  const memberIds = await plantMembers(now);
  for (let from = 0; from < count; from += BATCH) {
    const posts = Array.from({ length: Math.min(BATCH, count - from) }, (_, place) => postAt(from + place, { count, topics, memberIds, now }));
    await insertPosts(posts);
    const entries = posts.flatMap(feedEntriesOf);
    for (let start = 0; start < entries.length; start += BATCH) await insertFeedEntries(entries.slice(start, start + BATCH));
    await insertComments(posts.flatMap((post) => commentsOf(post, memberIds)));
    report(from + posts.length);
  }
  for (const [index, memberId] of memberIds.entries()) {
    const postCount = Math.floor(count / MEMBERS) + (index < count % MEMBERS ? 1 : 0);
    await inTransaction((tx) => changeMemberCounts(memberId, { postCount }, tx));
  }
}

async function ensureTopics(): Promise<string[]> {
  const stored = await listStoredTopics();
  if (stored.length > 0) return stored.map(({ _id }) => _id);
  const topics = loadSeedContent().topics.map(topicOf);
  await insertTopics(topics);
  return topics.map(({ _id }) => _id);
}

async function plantMembers(now: Date): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < MEMBERS; index += 1) {
    const handle = `scale${String(index).padStart(3, "0")}`;
    const _id = idFrom(`member:${handle}`);
    const language = LANGUAGES[index % LANGUAGES.length] ?? "zh-CN";
    await inTransaction((tx) => insertMember({ _id, handle, displayName: `第 ${index} 号`, language, joinedAt: now, tier: 2 }, tx));
    ids.push(_id);
  }
  return ids;
}

interface Around {
  count: number;
  topics: string[];
  memberIds: string[];
  now: Date;
}

function postAt(index: number, { count, topics, memberIds, now }: Around): Post {
  const random = randomFrom(`scale:${index}`);
  const lang = LANGUAGES[index % LANGUAGES.length] ?? "zh-CN";
  const { title, body, html, excerpt } = BODY[lang];
  const ageMs = ((index + random()) / count) * MONTHS * 30 * 86_400_000;
  return {
    _id: idFrom(`scale:${index}`),
    authorId: memberIds[index % memberIds.length] ?? "",
    lang,
    title: `${title} (${index})`,
    body,
    html,
    excerpt,
    topics: [topics[index % topics.length] ?? "funds"],
    tickers: index % 7 === 0 ? ["SH510300"] : [],
    mentions: [],
    declarations: ["opinion"],
    holds: [],
    chart: null,
    clip: null,
    picture: null,
    assetIds: [],
    readMinutes: 2,
    poll: null,
    commentPolicy: "open",
    state: "published",
    revision: 1,
    editCount: 0,
    editedAt: null,
    publishedAt: new Date(now.getTime() - ageMs),
    deletedAt: null,
    // No like rows stand behind these: the set is for measuring reads, and reads look at the counters alone.
    likeCount: Math.floor(random() * 300),
    saveCount: Math.floor(random() * 60),
    commentCount: COMMENTS_PER_POST,
    viewCount: Math.floor(random() * 9_000),
    editorsChoice: random() < 0.05,
  };
}

function commentsOf(post: Post, memberIds: string[]): Comment[] {
  return Array.from({ length: COMMENTS_PER_POST }, (_, place) => ({
    _id: `${post._id}-${place}`,
    postId: post._id,
    parentId: null,
    replyToId: null,
    authorId: memberIds[(place * 31 + 7) % memberIds.length] ?? "",
    body: BODY[post.lang].comment,
    html: `<p>${BODY[post.lang].comment}</p>`,
    state: "published" as const,
    createdAt: new Date(post.publishedAt.getTime() + (place + 1) * 60_000),
    editedAt: null,
    deletedAt: null,
    likeCount: place,
    replyCount: 0,
  }));
}
