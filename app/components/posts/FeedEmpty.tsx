import { Link } from "@remix-run/react";
import { useT } from "~/i18n/react";

/** What a feed says when nothing is in it: what would be here, and the one thing to do. */
export function FeedEmpty() {
  const t = useT();
  return (
    <>
      <h2>{t("feed.empty")}</h2>
      <p>{t("feed.emptyHint")}</p>
      <Link className="btn primary" to="/posts/new" rel="nofollow">
        {t("feed.writeFirst")}
      </Link>
    </>
  );
}
