import { uploadPlace, type UploadPlace } from "../services/uploads.server";
import type { AnswerMedia } from "./media";
import { createMediaFiles } from "./media-files";
import { createMediaUploads } from "./media-uploads";

/** What the build answers about media: files below `/m/`, uploads elsewhere. */
export interface MediaAnswersOptions {
  place: UploadPlace;
  now?: () => Date;
  atOnceMax?: number;
  silenceMaxMs?: number;
}

export function createMediaAnswers(options: MediaAnswersOptions): AnswerMedia {
  const files = createMediaFiles({ storage: options.place.storage, now: options.now });
  const uploads = createMediaUploads(options);
  return (req, res, facts) => (req.url?.startsWith("/m/") ? files : uploads)(req, res, facts);
}

let answers: AnswerMedia | undefined;

/** Opened with the first request. */
export const answerMedia: AnswerMedia = (req, res, facts) => (answers ??= createMediaAnswers({ place: uploadPlace() }))(req, res, facts);
