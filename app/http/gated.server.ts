import { Invalid } from "@models/errors";
import { findMemberIdByKey } from "@models/member-key.server";
import { createIntent, IntentDraft, type GatedAct, type GuestText } from "../services/gate.server";
import { readBody, type FormValues } from "./form.server";
import { LoginNeeded } from "./login-needed";
import { assertSameOrigin } from "./origin.server";
import { refererPath, safeRedirect } from "./redirect.server";

/**
 * From "a guest sent this form" to "log in, then it is done": one table of the forms that survive a login.
 * A form that is not in the table still leads to the login page and back to the page it was on.
 */
interface GatedForm {
  path: RegExp;
  act: GatedAct;
  /** From the named groups of the path to the target. */
  target: (groups: Record<string, string>) => Promise<Target | null> | Target | null;
  /** Where the person was, when the browser does not say. */
  home: (groups: Record<string, string>) => string;
  /** A form that carries the opposite wish (unlike, unfollow) has nothing to resume: a guest has not liked anything. */
  wish?: string;
}

type Target = Pick<IntentDraft, "targetKind" | "targetId" | "postId">;

const postTarget = ({ postId = "" }: Record<string, string>): Target => ({ targetKind: "post", targetId: postId });
const commentTarget = ({ postId = "", commentId = "" }: Record<string, string>): Target => ({ targetKind: "comment", targetId: commentId, postId });
const postPage = ({ postId = "" }: Record<string, string>): string => `/posts/${postId}`;

async function memberTarget({ handle = "" }: Record<string, string>): Promise<Target | null> {
  const memberId = await findMemberIdByKey("handle", handle);
  return memberId ? { targetKind: "member", targetId: memberId } : null;
}

const GATED_FORMS: readonly GatedForm[] = [
  { path: /^\/posts\/(?<postId>[\w-]+)\/like$/, act: "like", target: postTarget, home: postPage, wish: "liked" },
  { path: /^\/posts\/(?<postId>[\w-]+)\/comments\/(?<commentId>[\w-]+)\/like$/, act: "like", target: commentTarget, home: postPage, wish: "liked" },
  { path: /^\/posts\/(?<postId>[\w-]+)\/save$/, act: "save", target: postTarget, home: postPage, wish: "saved" },
  { path: /^\/members\/(?<handle>\w+)\/follow$/, act: "follow", target: memberTarget, home: ({ handle }) => `/members/${handle}`, wish: "followed" },
  {
    path: /^\/topics\/(?<slug>[\w-]+)\/follow$/,
    act: "follow",
    target: ({ slug = "" }) => ({ targetKind: "topic", targetId: slug }),
    home: ({ slug }) => `/topics/${slug}`,
    wish: "followed",
  },
  { path: /^\/posts\/(?<postId>[\w-]+)\/vote$/, act: "vote", target: postTarget, home: postPage },
  { path: /^\/posts\/(?<postId>[\w-]+)\/report$/, act: "report", target: postTarget, home: postPage },
  { path: /^\/posts\/(?<postId>[\w-]+)\/comments\/(?<commentId>[\w-]+)\/report$/, act: "report", target: commentTarget, home: postPage },
  { path: /^\/members\/(?<handle>\w+)\/report$/, act: "report", target: memberTarget, home: ({ handle }) => `/members/${handle}` },
  { path: /^\/posts\/(?<postId>[\w-]+)\/comments$/, act: "comment", target: postTarget, home: postPage },
  { path: /^\/posts\/(?<postId>[\w-]+)\/edit$/, act: "edit", target: postTarget, home: postPage },
  { path: /^\/posts\/(?<postId>[\w-]+)\/comments\/(?<commentId>[\w-]+)\/edit$/, act: "edit", target: commentTarget, home: postPage },
  { path: /^\/account$/, act: "edit", target: () => ({ targetKind: "new", targetId: "account" }), home: () => "/account" },
  { path: /^\/posts\/new$/, act: "post", target: () => ({ targetKind: "new", targetId: "new" }), home: () => "/posts/new" },
  { path: /^\/clips\/new$/, act: "post", target: () => ({ targetKind: "new", targetId: "clip" }), home: () => "/clips/new" },
];

/** The error that sends a guest to the gate (a form of the table) or to the login page (everything else). */
export async function loginNeeded(request: Request, now: Date): Promise<LoginNeeded> {
  if (request.method !== "POST") return new LoginNeeded(loginPath(pagePath(request)));
  assertSameOrigin(request);
  const { pathname } = new URL(request.url);
  const body = await readBody(request);
  const fields = typeof body === "object" && body !== null ? (body as FormValues) : {};
  const back = refererPath(request, "");
  const made = await draftOf(pathname, fields, back);
  if (!made) return new LoginNeeded(loginPath(back || "/"));
  const token = await createIntent(made, now);
  return new LoginNeeded(`/gate?intent=${encodeURIComponent(token)}`);
}

export interface NewIntent {
  draft: IntentDraft;
  text: GuestText;
}

/** The intent behind a form that was sent to `pathname`; null when the table has no such form. */
export async function draftOf(pathname: string, fields: FormValues, back: string): Promise<NewIntent | null> {
  for (const form of GATED_FORMS) {
    const match = form.path.exec(pathname);
    if (!match) continue;
    const groups = match.groups ?? {};
    if (form.wish && first(fields[form.wish]) === "false") return null;
    // The same forms also delete and restore; neither has words to keep, and neither is done without looking again.
    if (form.act === "edit" && /^(?:delete|restore)$/.test(first(fields.intent))) return null;
    const target = await form.target(groups);
    if (!target) return null;
    const reply = form.act === "comment" ? first(fields.parentId) || first(fields.replyToId) : "";
    const draft = IntentDraft.safeParse({
      act: reply ? "reply" : form.act,
      ...target,
      ...(reply ? { targetKind: "comment", targetId: first(fields.replyToId) || reply, postId: target.targetId } : {}),
      ...(form.act === "vote" ? { choices: list(fields.choices ?? fields.choice) } : {}),
      ...(form.act === "report" ? { reason: first(fields.reason), detail: first(fields.detail) } : {}),
      redirectTo: safeRedirect(first(fields.redirectTo), back || form.home(groups)),
    });
    if (!draft.success) return null;
    return { draft: draft.data, text: wordsOf(fields) };
  }
  return null;
}

const NOT_WORDS = new Set(["parentId", "replyToId", "redirectTo", "choices", "choice"]);

function wordsOf(fields: FormValues): GuestText {
  const words = Object.entries(fields).filter(([name]) => !NOT_WORDS.has(name));
  return Object.fromEntries(words.map(([name, value]) => [name, list(value).join("\n")]));
}

function first(value: string | string[] | undefined): string {
  return list(value)[0] ?? "";
}

function list(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function pagePath(request: Request): string {
  const url = new URL(request.url);
  return safeRedirect(url.pathname + url.search);
}

export function loginPath(redirectTo: string): string {
  return redirectTo === "/" ? "/login" : `/login?redirectTo=${encodeURIComponent(redirectTo)}`;
}

/**
 * The intent behind the sheet: the act and its target as the button named them, and the fields of its form.
 * Unknown acts and targets are the sender's mistake.
 */
export function draftOfSheet(gate: unknown, fields: FormValues): NewIntent {
  const given = typeof gate === "object" && gate !== null ? (gate as Record<string, unknown>) : {};
  const parsed = IntentDraft.safeParse({
    ...given,
    choices: list(fields.choices ?? fields.choice),
    reason: first(fields.reason),
    detail: first(fields.detail),
    redirectTo: safeRedirect(given.redirectTo),
  });
  if (!parsed.success) throw new Invalid("not an act that the gate knows", { messageKey: "form.invalid" });
  return { draft: parsed.data, text: wordsOf(fields) };
}
