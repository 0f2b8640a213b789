import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import QRCode from "qrcode";
import { useState } from "react";
import { Frame } from "~/components/layout/Shell";
import { env } from "~/env.server";
import { toThrown } from "~/http/errors.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { readPost } from "~/services/posts-read.server";

/** Link and QR code of a post, for where no share sheet exists. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  try {
    const viewer = await getViewer(request);
    const post = await readPost({ postId: params.postId ?? "", locale: getLocale(request), viewerId: viewer?.id ?? null }, new Date());
    // A clip is shared at the second that was on the screen.
    const second = /^\d{1,5}$/.exec(new URL(request.url).searchParams.get("t") ?? "")?.[0];
    const path = post.isClip ? `/clips/${post.id}${second ? `?t=${second}` : ""}` : `/posts/${post.id}`;
    const url = env.PUBLIC_URL + path;
    const { modules } = QRCode.create(url, { errorCorrectionLevel: "M" });
    let squares = "";
    for (let row = 0; row < modules.size; row += 1) {
      for (let column = 0; column < modules.size; column += 1) if (modules.get(row, column)) squares += `M${column} ${row}h1v1h-1z`;
    }
    return { post: { id: post.id, title: post.title, lang: post.lang }, path, url, qr: { size: modules.size, path: squares } };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "post.share" });

export default function SharePage() {
  const t = useT();
  const { post, path, url, qr } = useLoaderData<typeof loader>();
  const [copied, setCopied] = useState(false);
  return (
    <Frame>
      <header className="head">
        <h1>{t("post.share")}</h1>
        <p lang={post.lang}>{post.title}</p>
      </header>
      <div className="stack">
        <svg className="qr" viewBox={`0 0 ${qr.size} ${qr.size}`} role="img" aria-label={t("post.qr")} shapeRendering="crispEdges">
          <path d={qr.path} />
        </svg>
        <label className="field">
          <span className="label">{t("post.link")}</span>
          <input className="input" readOnly value={url} onFocus={(event) => event.currentTarget.select()} />
        </label>
        <div className="row-between">
          <button
            type="button"
            className="btn"
            onClick={() => {
              // Without permission to the clipboard the link stays selected for copying by hand.
              navigator.clipboard.writeText(url).then(() => setCopied(true), () => setCopied(false));
            }}
          >
            {t(copied ? "post.copied" : "post.copyLink")}
          </button>
          <Link className="link" to={path}>
            {t("post.backToPost")}
          </Link>
        </div>
      </div>
    </Frame>
  );
}
