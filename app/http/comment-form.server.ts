import { nanoid } from "nanoid";
import { z } from "zod";
import { unitsMax } from "../format/graphemes";
import { COMMENT_MAX } from "../format/post-limits";
import { addComment, type CommentWritten } from "../services/comments-write.server";
import { parseForm } from "./form.server";
import { requireMember } from "./session.server";

/** An id made with the form; a form without scripts may send none, and then a second press is a second comment. */
export const SubmissionId = z
  .union([z.literal(""), z.string().regex(/^[\w-]{16,32}$/)])
  .optional()
  .transform((given) => given || nanoid());

const optionalId = z
  .union([z.literal(""), z.string().regex(/^[\w-]{1,40}$/)])
  .optional()
  .transform((given) => given || null);

const CommentForm = z.object({
  submissionId: SubmissionId,
  replyToId: optionalId,
  body: z.string().max(unitsMax(COMMENT_MAX), "comment.tooLongPlain").default(""),
});

/** The one way in for a comment, from the page's script and from a plain form alike. */
export async function receiveComment(request: Request, postId: string, now: Date): Promise<CommentWritten> {
  const viewer = await requireMember(request);
  const form = await parseForm(CommentForm, request);
  return addComment(viewer, { ...form, postId }, now);
}
