import { useCallback, useEffect, useRef, useState } from "react";
import { nanoid } from "nanoid";
import { dropLocal, findLocal, keepBoth, keepLocal } from "./local-copy";
import { sendForm } from "./send";
import { isComposerWords, isEmpty, toForm, withChange, type ComposerStart, type ComposerWords, type DraftMark, type WordsChange } from "./words";

/**
 * Keeps the words of a composer: in this browser at every change, on the server a moment after. Nothing here throws
 * words away; a save that lost against another tab goes on as a draft of its own, and the other one is named.
 */
export type DraftState = "new" | "saving" | "saved" | "local" | "loggedOut" | "refused";

export interface OtherDraft {
  id: string;
  title: string;
}

interface Kept {
  words: ComposerWords;
  mark: DraftMark;
}

interface SaveReply {
  draftId: string;
  revision: number;
  savedAt: string;
  conflictWith: OtherDraft | null;
}

const SAVE_AFTER_MS = 2_500;
const RETRY_AFTER_MS = 15_000;

const isKept = (value: unknown): value is Kept =>
  typeof value === "object" && value !== null && "words" in value && isComposerWords(value.words) && "mark" in value && typeof (value.mark as Partial<DraftMark> | null)?.draftId === "string";

/** Where a composer keeps its words: under which name in this browser, and at which address a draft of it opens. */
export interface DraftPlace {
  name: string;
  address: string;
}

export const POST_PLACE: DraftPlace = { name: "new", address: "/posts/new" };

export function useDraft(start: ComposerStart, viewerId: string | null, place: DraftPlace = POST_PLACE) {
  const localKey = `compose:${start.postId ?? place.name}`;
  const { address } = place;
  const [words, setWords] = useState(start.words);
  const [mark, setMark] = useState<DraftMark>(start);
  const [state, setState] = useState<DraftState>(start.savedAt ? "saved" : "new");
  const [savedAt, setSavedAt] = useState(start.savedAt);
  const [restoredAt, setRestoredAt] = useState<string | null>(null);
  const [other, setOther] = useState<OtherDraft | null>(null);
  const [behind, setBehind] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const latest = useRef<Kept>({ words, mark });
  latest.current = { words, mark };
  /** Counts changes, so that a save knows whether its words are still the newest. */
  const changes = useRef(0);
  const savedChanges = useRef(0);
  const saving = useRef(false);
  const done = useRef(false);
  const timer = useRef<number | undefined>(undefined);
  /** The words as they were typed before this page came alive; null from then on. */
  const early = useRef<ComposerWords | null>(start.words);

  // Once per page: ids for a guest's page, and the words that a crash, a logout or a closed tab left in this browser.
  useEffect(() => {
    // A copy is dropped as soon as the server has its words, so one that is still here was never stored.
    const found = findLocal(localKey, viewerId, isKept);
    const copy = found?.words;
    const typed = early.current ?? start.words;
    early.current = null;
    const isOurs = copy && (start.savedAt === null ? start.postId !== null || isEmpty(start.words) : copy.mark.draftId === start.draftId);
    if (copy && isOurs && !isEmpty(copy.words) && JSON.stringify(copy.words) !== JSON.stringify(start.words)) {
      setWords(withEarly(copy.words, typed, start.words));
      // The writer is told when the post moved meanwhile, and may then save over it; refusing for ever would keep the words in vain.
      setMark({ ...copy.mark, postId: start.postId, postRevision: start.postRevision });
      setBehind((copy.mark.postRevision ?? 0) < (start.postRevision ?? 0));
      setRestoredAt(found?.at ?? null);
      changes.current += 1;
    } else if (start.draftId === "") {
      setMark((known) => ({ ...known, draftId: nanoid(), submissionId: nanoid() }));
    } else if (start.savedAt === null && start.postId === null && !isEmpty(start.words)) {
      // Words that came back through a login are stored nowhere yet; counting them as a change saves them.
      changes.current += 1;
      setMark((known) => ({ ...known }));
    }
  }, [localKey]);

  const save = useCallback(async () => {
    if (saving.current || done.current || viewerId === null || changes.current === savedChanges.current) return;
    if (isEmpty(latest.current.words)) return;
    saving.current = true;
    setState("saving");
    const at = changes.current;
    const answer = await sendForm<SaveReply>("/drafts/save", toForm(latest.current.words, latest.current.mark));
    saving.current = false;
    if (done.current) return;
    setProblem(answer.kind === "refused" ? answer.refusal.error : null);
    if (answer.kind !== "done") {
      setState(answer.kind === "offline" ? "local" : answer.kind === "login" ? "loggedOut" : "refused");
      window.clearTimeout(timer.current);
      if (answer.kind === "offline") timer.current = window.setTimeout(() => void save(), RETRY_AFTER_MS);
      return;
    }
    const { draftId, revision, savedAt: when, conflictWith } = answer.value;
    savedChanges.current = at;
    setMark((known) => ({ ...known, draftId, revision }));
    setSavedAt(when);
    setState("saved");
    if (conflictWith) setOther(conflictWith);
    nameDraftInAddress(address, draftId, latest.current.mark.postId);
    if (changes.current !== at) timer.current = window.setTimeout(() => void save(), SAVE_AFTER_MS);
  }, [viewerId, address]);

  const change = useCallback((part: WordsChange) => {
    changes.current += 1;
    if (early.current) early.current = withChange(early.current, part);
    setWords((before) => withChange(before, part));
  }, []);

  useEffect(() => {
    if (changes.current === 0 || done.current) return;
    const isStored = changes.current === savedChanges.current;
    if (isStored || isEmpty(words)) dropLocal(localKey);
    else keepLocal<Kept>(localKey, viewerId, { words, mark });
    if (isStored) return;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void save(), SAVE_AFTER_MS);
  }, [words, mark, localKey, viewerId, save]);

  useEffect(() => {
    const now = () => void save();
    const onHide = () => {
      if (document.visibilityState === "hidden") void save();
    };
    window.addEventListener("online", now);
    document.addEventListener("visibilitychange", onHide);
    return () => {
      window.removeEventListener("online", now);
      document.removeEventListener("visibilitychange", onHide);
      window.clearTimeout(timer.current);
    };
  }, [save]);

  /** The words stand as a post: no save that is still on its way may bring a draft back. */
  const finish = useCallback(() => {
    done.current = true;
    window.clearTimeout(timer.current);
    dropLocal(localKey);
  }, [localKey]);

  const startOver = useCallback(() => {
    setWords(start.words);
    setMark({ ...start, draftId: nanoid(), submissionId: nanoid(), revision: 0 });
    setRestoredAt(null);
    setState("new");
    changes.current = savedChanges.current;
    dropLocal(localKey);
    nameDraftInAddress(address, null, start.postId);
  }, [localKey, address, start]);

  return { words, change, mark, state, savedAt, restoredAt, behind, other, problem, finish, startOver };
}

/** Words that were left here, and those typed while the page was on its way: nothing of either is lost. */
function withEarly(kept: ComposerWords, typed: ComposerWords, untouched: ComposerWords): ComposerWords {
  const changed = Object.entries(typed).filter(([name, value]) => value !== untouched[name as keyof ComposerWords]);
  if (changed.length === 0) return kept;
  const both = { ...kept, ...(Object.fromEntries(changed) as Partial<ComposerWords>) };
  return { ...both, title: typed.title === untouched.title ? kept.title : keepBoth(kept.title, typed.title, " "), body: typed.body === untouched.body ? kept.body : keepBoth(kept.body, typed.body) };
}

/** A reload or a bookmark then opens the same draft. Edits have an address of their own already. */
function nameDraftInAddress(page: string, draftId: string | null, postId: string | null): void {
  if (postId !== null) return;
  const address = draftId ? `${page}?draft=${draftId}` : page;
  if (window.location.pathname + window.location.search !== address) window.history.replaceState(window.history.state, "", address);
}
