import { GatedForm } from "~/components/ui/GatedForm";
import { Icon } from "~/components/ui/Icon";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";
import type { ClipData } from "./types";

/** Like and save as they stand on the stage: icon above count, named with the clip's title. They show what is stored. */
export function ClipLike({ clip }: { clip: ClipData }) {
  const t = useT();
  const locale = useLocale();
  return (
    <GatedForm<{ liked: boolean; likeCount: number }> action={`/posts/${clip.id}/like`} fields={{}} gate={{ act: "like", targetKind: "post", targetId: clip.id, postId: clip.id }}>
      {({ busy, data }) => {
        const shown = data && typeof data.liked === "boolean" ? data : clip;
        return (
          <button className="clip-act" name="liked" value={String(!shown.liked)} aria-pressed={shown.liked} aria-busy={busy} aria-label={`${t(shown.liked ? "post.unlikeWithCount" : "post.likeWithCount", { count: shown.likeCount })} · ${clip.title}`}>
            <Icon name="like" />
            <span className="num">{formatCount(shown.likeCount, locale)}</span>
          </button>
        );
      }}
    </GatedForm>
  );
}

export function ClipSave({ clip }: { clip: ClipData }) {
  const t = useT();
  const locale = useLocale();
  return (
    <GatedForm<{ saved: boolean; saveCount: number }> action={`/posts/${clip.id}/save`} fields={{}} gate={{ act: "save", targetKind: "post", targetId: clip.id, postId: clip.id }}>
      {({ busy, data }) => {
        const shown = data && typeof data.saved === "boolean" ? data : clip;
        return (
          <button className="clip-act" name="saved" value={String(!shown.saved)} aria-pressed={shown.saved} aria-busy={busy} aria-label={`${t(shown.saved ? "post.unsave" : "post.save")} · ${clip.title}`}>
            <Icon name="save" />
            <span className="num">{formatCount(shown.saveCount, locale)}</span>
          </button>
        );
      }}
    </GatedForm>
  );
}

export function ClipFollow({ author }: { author: ClipData["author"] }) {
  const t = useT();
  return (
    <GatedForm<{ followed: boolean }> action={`/members/${author.handle}/follow`} fields={{}} gate={{ act: "follow", targetKind: "member", targetId: author.id }}>
      {({ busy, data }) => {
        const followed = data && typeof data.followed === "boolean" ? data.followed : author.followed;
        return (
          <button className="clip-follow" name="followed" value={String(!followed)} aria-pressed={followed} aria-busy={busy} aria-label={t(followed ? "post.unfollowName" : "post.followName", { name: author.displayName })}>
            {t(followed ? "post.following" : "post.follow")}
          </button>
        );
      }}
    </GatedForm>
  );
}

/** Passes the clip on at the second it stands at: by the system's sheet where there is one, else by the page of shares. */
export function ClipShare({ clip, video }: { clip: ClipData; video: HTMLVideoElement | null }) {
  const t = useT();
  const share = `/posts/${clip.id}/share`;
  return (
    <a
      className="clip-act"
      href={share}
      rel="nofollow"
      data-nav=""
      aria-label={`${t("post.share")} · ${clip.title}`}
      onClick={(event) => {
        const second = video?.currentTime ?? 0;
        const at = second >= 1 ? `?t=${Math.floor(second)}` : "";
        event.currentTarget.href = share + at;
        if (typeof navigator.share !== "function") return;
        event.preventDefault();
        // Closing the sheet rejects; that is the reader's choice and needs no word.
        navigator.share({ title: clip.title, url: `${window.location.origin}/clips/${clip.id}${at}` }).catch(() => undefined);
      }}
    >
      <Icon name="share" />
      {t("post.share")}
    </a>
  );
}
