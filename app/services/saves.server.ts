import { inTransaction, type Tx } from "@models/connection.server";
import { announce } from "@models/page-event.server";
import { changePostCount, requireVisiblePost } from "@models/post.server";
import { addSave, removeSave } from "@models/save.server";

export interface SetSave {
  postId: string;
  memberId: string;
  saved: boolean;
}

export interface SaveView {
  saved: boolean;
  saveCount: number;
}

export function setSave(request: SetSave, now: Date): Promise<SaveView> {
  return inTransaction((tx) => setSaveIn(request, now, tx));
}

export async function setSaveIn({ postId, memberId, saved }: SetSave, now: Date, tx: Tx): Promise<SaveView> {
  const post = await requireVisiblePost(postId, tx);
  const key = { memberId, postId };
  const changed = saved ? await addSave(key, now, tx) : await removeSave(key, tx);
  if (!changed) return { saved, saveCount: post.saveCount };
  const saveCount = await changePostCount(postId, "saveCount", saved ? 1 : -1, tx);
  await announce([`post:${postId}`], now, tx);
  return { saved, saveCount };
}
