import { hashPassword } from "../../app/services/accounts.server";
import { renderPostWords } from "../../app/services/preview.server";
import { insertComments } from "../../models/comment.server";
import { inTransaction } from "../../models/connection.server";
import { feedEntriesOf, insertFeedEntries } from "../../models/feed-entry.server";
import { insertFollows } from "../../models/follow.server";
import { forgetInstruments, insertInstruments, type Instrument } from "../../models/instrument.server";
import { insertLikes } from "../../models/like.server";
import { changeMemberCounts, insertMember } from "../../models/member.server";
import { putVote } from "../../models/poll-vote.server";
import { insertPosts, type Poll, type Post } from "../../models/post.server";
import { insertSaves } from "../../models/save.server";
import { insertTopics, listStoredTopics, type Topic } from "../../models/topic.server";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "./accounts";
import type { SeedContent, SeedInstrument, SeedMember, SeedPost, SeedTopic } from "./content";
import { idFrom, randomFrom, some } from "./draw";
import { composeComments, requireId, type MemberIds } from "./threads";

/**
 * Plants the content of scripts/seed into an empty database, through the writers of production. Every count equals the
 * rows behind it; only views are taken from the content as they stand, because a view leaves no row after two days.
 */
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Topics come last, so that a seed that was cut off is not taken for a finished one. */
export async function isPlanted(): Promise<boolean> {
  return (await listStoredTopics()).length > 0;
}

export interface Planted {
  members: number;
  posts: number;
  comments: number;
}

export async function plant(content: SeedContent, now: Date): Promise<Planted> {
  await insertInstruments(content.instruments.map(instrumentOf));
  forgetInstruments();
  const members = await plantMembers(content.members, now);
  await plantFollows(content, members, now);
  let comments = 0;
  for (const post of content.posts) comments += await plantPost(post, members, now);
  await insertTopics(content.topics.map(topicOf));
  return { members: members.size, posts: content.posts.length, comments };
}

function instrumentOf({ id, symbol, market, kind, name, aliases }: SeedInstrument): Instrument {
  return { _id: id, code: symbol, exchange: market, kind, name, aliases };
}

export function topicOf({ slug, name, about }: SeedTopic, position: number): Topic {
  return { _id: slug, position, name, about };
}

async function plantMembers(seeds: readonly SeedMember[], now: Date): Promise<MemberIds> {
  const ids = new Map<string, string>();
  // One hash for all: the demo has one password, and hashing it twenty-six times would only slow the first start down.
  const passwordHash = await hashPassword(DEMO_PASSWORD);
  const authors = seeds.map(({ joinedDaysAgo, lang, voice: _voice, ...seed }) => ({ ...seed, language: lang, joinedAt: new Date(now.getTime() - joinedDaysAgo * DAY_MS) }));
  const accounts = DEMO_ACCOUNTS.map(({ job: _job, ...account }) => ({ ...account, joinedAt: new Date(now.getTime() - 30 * DAY_MS), phoneVerifiedAt: now, realNameVerifiedAt: now }));
  for (const member of [...authors, ...accounts]) {
    const _id = idFrom(`member:${member.handle}`);
    await inTransaction((tx) => insertMember({ ...member, _id, passwordHash }, tx));
    ids.set(member.handle, _id);
  }
  return ids;
}

async function plantFollows({ members, topics }: SeedContent, ids: MemberIds, now: Date): Promise<void> {
  const follows = members.flatMap(({ handle }) => {
    const random = randomFrom(`follows:${handle}`);
    const followerId = requireId(ids, handle);
    const others = some(members.filter((other) => other.handle !== handle), 0.3, random).map((other) => ({ kind: "member" as const, targetId: requireId(ids, other.handle) }));
    const subjects = some(topics, 0.2, random).map(({ slug }) => ({ kind: "topic" as const, targetId: slug }));
    return [...others, ...subjects].map((target) => ({ followerId, ...target, at: now }));
  });
  await insertFollows(follows);
  for (const memberId of ids.values()) {
    const followingCount = follows.filter((follow) => follow.followerId === memberId).length;
    const followerCount = follows.filter((follow) => follow.kind === "member" && follow.targetId === memberId).length;
    await inTransaction((tx) => changeMemberCounts(memberId, { followingCount, followerCount }, tx));
  }
}

async function plantPost(seed: SeedPost, ids: MemberIds, now: Date): Promise<number> {
  const random = randomFrom(`post:${seed.slug}`);
  const _id = idFrom(`post:${seed.lang}:${seed.slug}`);
  const authorId = requireId(ids, seed.author);
  const publishedAt = new Date(now.getTime() - seed.hoursAgo * HOUR_MS);
  const readers = [...ids.values()].filter((memberId) => memberId !== authorId);
  const likers = some(readers, seed.heat, random);
  const savers = some(readers, seed.heat / 2, random);
  const votes = seed.poll ? some(readers, 0.6, random).map((memberId) => ({ memberId, option: Math.floor(random() * (seed.poll?.options.length ?? 1)) })) : [];
  const talk = await composeComments(seed.comments, { key: `${seed.lang}:${seed.slug}`, lang: seed.lang, postId: _id, publishedAt, ids, readers, now });
  const { html, excerpt, tickers, mentions, chart, readMinutes } = await renderPostWords(seed.body, seed.lang, now);
  const post: Post = {
    _id,
    authorId,
    lang: seed.lang,
    title: seed.title,
    body: seed.body,
    html,
    excerpt,
    topics: seed.topics,
    tickers,
    mentions,
    declarations: seed.declarations,
    holds: seed.holds,
    chart,
    clip: null,
    picture: null,
    assetIds: [],
    readMinutes,
    poll: seed.poll ? pollOf(seed.poll, votes, publishedAt) : null,
    commentPolicy: "open",
    state: "published",
    revision: 1,
    editCount: 0,
    editedAt: null,
    publishedAt,
    deletedAt: null,
    likeCount: likers.length,
    saveCount: savers.length,
    commentCount: talk.comments.length,
    viewCount: seed.views,
    editorsChoice: seed.editorsChoice,
  };
  await insertPosts([post]);
  await insertFeedEntries(feedEntriesOf(post));
  const likes = likers.map((memberId) => ({ memberId, kind: "post" as const, targetId: _id, at: publishedAt }));
  if (talk.comments.length > 0) await insertComments(talk.comments);
  if (likes.length + talk.likes.length > 0) await insertLikes([...likes, ...talk.likes]);
  if (savers.length > 0) await insertSaves(savers.map((memberId) => ({ memberId, postId: _id, at: publishedAt })));
  await inTransaction(async (tx) => {
    await changeMemberCounts(authorId, { postCount: 1 }, tx);
    for (const { memberId, option } of votes) await putVote({ postId: _id, memberId, choices: [`o${option + 1}`] }, publishedAt, tx);
  });
  return talk.comments.length;
}

function pollOf(poll: NonNullable<SeedPost["poll"]>, votes: { option: number }[], publishedAt: Date): Poll {
  return {
    question: poll.question,
    multiple: poll.multiple,
    closesAt: new Date(publishedAt.getTime() + poll.closesInDays * DAY_MS),
    options: poll.options.map((text, index) => ({ id: `o${index + 1}`, text, votes: votes.filter(({ option }) => option === index).length })),
    voters: votes.length,
  };
}
