import { getStorage } from "../services/storage.server";
import { createMediaFiles } from "./media-files";
import type { AnswerMedia } from "./media";

/** What the build answers about media; opened with the first request. */
function openAnswers(): AnswerMedia {
  return createMediaFiles({ storage: getStorage() });
}

let answers: AnswerMedia | undefined;

export const answerMedia: AnswerMedia = (req, res, facts) => (answers ??= openAnswers())(req, res, facts);
