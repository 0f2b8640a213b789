import { useT } from "~/i18n/react";
import type { ReasonView } from "./types";

/** Why this post stands here, in words: the largest part of its score, or what the reader follows. */
export function Why({ reason }: { reason: ReasonView }) {
  const t = useT();
  switch (reason.kind) {
    case "editors":
      return <>{t("feed.why.editors")}</>;
    case "saved":
      return <>{t("feed.why.saved")}</>;
    case "author":
      return <>{t("feed.why.author")}</>;
    case "fresh":
      return <>{t("feed.why.fresh")}</>;
    case "discussed":
      return <>{t("feed.why.discussed", { count: reason.comments })}</>;
    case "following":
      return <>{t("feed.why.following", { name: reason.name })}</>;
    case "window":
      return <>{reason.hours < 48 ? t("feed.why.hours", { count: reason.hours }) : t("feed.why.days", { count: Math.round(reason.hours / 24) })}</>;
  }
}
