import { GatedForm } from "~/components/ui/GatedForm";
import { Icon } from "~/components/ui/Icon";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";

export interface SaveState {
  saved: boolean;
  saveCount: number;
}

export function SaveButton({ postId, saved, saveCount, counted }: SaveState & { postId: string; counted?: boolean }) {
  const t = useT();
  const locale = useLocale();
  const gate = { act: "save" as const, targetKind: "post" as const, targetId: postId, postId };
  return (
    <GatedForm<SaveState> action={`/posts/${postId}/save`} fields={{}} gate={gate}>
      {({ busy, data }) => {
        const shown = data && typeof data.saved === "boolean" ? data : { saved, saveCount };
        return (
          <button
            className="act-btn"
            name="saved"
            value={String(!shown.saved)}
            aria-pressed={shown.saved}
            aria-busy={busy}
            aria-label={t(shown.saved ? "post.unsave" : "post.save")}
          >
            <Icon name="save" />
            {counted ? <span className="num">{formatCount(shown.saveCount, locale)}</span> : null}
          </button>
        );
      }}
    </GatedForm>
  );
}
