import { Link } from "@remix-run/react";
import type { MouseEvent } from "react";
import { Icon } from "~/components/ui/Icon";
import { useT } from "~/i18n/react";

/** Opens the system's share sheet where there is one; everywhere else, and without scripts, the page with link and QR. */
export function ShareButton({ postId, title, url }: { postId: string; title: string; url: string }) {
  const t = useT();

  function onClick(event: MouseEvent) {
    if (typeof navigator.share !== "function") return;
    event.preventDefault();
    // Closing the sheet rejects; that is the reader's choice and needs no word.
    navigator.share({ title, url }).catch(() => undefined);
  }

  return (
    <Link className="act-btn" to={`/posts/${postId}/share`} prefetch="none" rel="nofollow" aria-label={t("post.share")} onClick={onClick}>
      <Icon name="share" />
    </Link>
  );
}
