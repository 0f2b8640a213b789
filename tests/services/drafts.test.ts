import { nanoid } from "nanoid";
import { beforeAll, describe, expect, test } from "vitest";
import { DRAFTS_MAX } from "@models/draft.server";
import { discardDraft, listDraftRows, openEdit, readDraft, saveDraft } from "~/services/drafts.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makePost, minutesAfter } from "../support/posts";
import { makeReferenceRows, makeWriter, wordsOf } from "../support/writers";

useDatabase();
beforeAll(() => makeReferenceRows());

async function setup() {
  const { id: memberId } = await makeWriter();
  const draftId = nanoid();
  const save = (revision: number, body: string, id = draftId) =>
    saveDraft({ memberId, draftId: id, revision, postId: null, postRevision: null, words: wordsOf({ body }) }, minutesAfter(AT_NOON, revision));
  return { memberId, draftId, save };
}

describe("drafts", () => {
  test("given one tab, when it saves again and again, then one draft moves on", async () => {
    const { memberId, draftId, save } = await setup();
    expect(await save(0, "一")).toMatchObject({ draftId, revision: 1, conflictWith: null });
    expect(await save(1, "二")).toMatchObject({ draftId, revision: 2, conflictWith: null });
    expect((await readDraft(memberId, draftId)).body).toBe("二");
    expect(await listDraftRows(memberId)).toHaveLength(1);
  });

  test("given two tabs on one revision, when both save at once, then both texts are kept and the loser is told", async () => {
    const { memberId, draftId, save } = await setup();
    await save(0, "起点");
    const answers = await Promise.all([save(1, "左边的字"), save(1, "右边的字")]);
    const loser = answers.find((answer) => answer.conflictWith !== null);
    expect(answers.filter((answer) => answer.conflictWith === null)).toHaveLength(1);
    expect(loser?.draftId).not.toBe(draftId);
    expect(loser?.conflictWith?.id).toBe(draftId);
    const rows = await listDraftRows(memberId);
    const bodies = await Promise.all(rows.map(async (row) => (await readDraft(memberId, row.id)).body));
    expect(bodies.sort()).toEqual(["右边的字", "左边的字"].sort());
    expect(rows.filter((row) => row.forkOf === draftId)).toHaveLength(1);
  });

  test("given an answer that was lost, when the same save is sent again, then nothing is split", async () => {
    const { memberId, save } = await setup();
    await save(0, "一");
    await save(1, "二");
    expect(await save(1, "二")).toMatchObject({ revision: 2, conflictWith: null });
    await save(2, "三");
    const [first, again] = [await save(1, "旧标签页"), await save(1, "旧标签页")];
    expect(again.draftId).toBe(first.draftId);
    expect(await listDraftRows(memberId)).toHaveLength(2);
  });

  test("given the first save twice at once, then one draft", async () => {
    const { memberId, save } = await setup();
    await Promise.all([save(0, "一"), save(0, "一"), save(0, "一")]);
    expect(await listDraftRows(memberId)).toHaveLength(1);
  });

  test("given words far beyond what may be published, then a draft keeps them", async () => {
    const { memberId, draftId } = await setup();
    const body = "字".repeat(60_000);
    await saveDraft({ memberId, draftId, revision: 0, postId: null, postRevision: null, words: wordsOf({ title: "", topics: [], body }) }, AT_NOON);
    expect((await readDraft(memberId, draftId)).body).toHaveLength(60_000);
  });

  test("given another member's draft, when read, saved over or thrown away, then theirs is untouched", async () => {
    const { memberId, draftId, save } = await setup();
    await save(0, "我的");
    const stranger = await makeWriter();
    await expect(readDraft(stranger.id, draftId)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await discardDraft(stranger.id, draftId);
    await saveDraft({ memberId: stranger.id, draftId, revision: 1, postId: null, postRevision: null, words: wordsOf({ body: "改" }) }, AT_NOON).catch(() => undefined);
    expect((await readDraft(memberId, draftId)).body).toBe("我的");
  });

  test("given a hundred drafts, when one more is begun, then the refusal says so and the others save on", async () => {
    const { memberId, draftId, save } = await setup();
    await save(0, "一");
    for (let index = 1; index < DRAFTS_MAX; index += 1) await save(0, "x", nanoid());
    await expect(save(0, "x", nanoid())).rejects.toMatchObject({ code: "CONFLICT", messageKey: "draft.full" });
    expect(await save(1, "二")).toMatchObject({ revision: 2 });
    await discardDraft(memberId, draftId);
    expect(await listDraftRows(memberId)).toHaveLength(DRAFTS_MAX - 1);
  });

  test("given a clip's draft, then its captions are kept with it, are a change of their own, and are not lost to a second tab", async () => {
    const { id: memberId } = await makeWriter();
    const draftId = nanoid();
    const captions = { text: "WEBVTT\n\n00:00.000 --> 00:01.000\n一", lang: "zh-CN" as const, noSpeech: false };
    const save = (revision: number, given: typeof captions | null) => saveDraft({ memberId, draftId, revision, postId: null, postRevision: null, words: wordsOf(), kind: "clip", captions: given }, minutesAfter(AT_NOON, revision));
    expect(await save(0, captions)).toMatchObject({ revision: 1 });
    expect((await readDraft(memberId, draftId)).captions).toEqual(captions);
    expect(await save(1, captions)).toMatchObject({ revision: 1 });
    expect(await save(1, { ...captions, text: "" , noSpeech: true })).toMatchObject({ revision: 2 });
    const late = await save(1, captions);
    expect(late.conflictWith?.id).toBe(draftId);
    expect((await readDraft(memberId, late.draftId)).captions).toEqual(captions);
    expect((await readDraft(memberId, draftId)).captions?.noSpeech).toBe(true);
  });

  test("given an unfinished edit, when the edit page opens, then it shows it instead of the post", async () => {
    const writer = await makeWriter();
    const post = await makePost({ authorId: writer.id });
    const fresh = await openEdit({ memberId: writer.id, postId: post._id });
    expect(fresh.draft).toMatchObject({ revision: 0, body: post.body, postRevision: 1 });
    await saveDraft({ memberId: writer.id, draftId: fresh.draft.id, revision: 0, postId: post._id, postRevision: 1, words: wordsOf({ body: "改到一半" }) }, AT_NOON);
    expect((await openEdit({ memberId: writer.id, postId: post._id })).draft).toMatchObject({ id: fresh.draft.id, revision: 1, body: "改到一半" });
  });
});
