import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { NotFound } from "@models/errors";
import { listOutbox } from "@models/outbox.server";
import { Frame } from "~/components/layout/Shell";
import { Time } from "~/components/ui/Time";
import { env } from "~/env.server";
import { toThrown } from "~/http/errors.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";

const SHOWN = 30;

/** The demo's messages on screen. Exists only in the demo: anybody can read it. */
export async function loader({ request }: LoaderFunctionArgs) {
  if (!env.DEMO) throw toThrown(new NotFound("outbox"), request);
  const messages = await listOutbox(SHOWN);
  return { messages: messages.map(({ _id, channel, to, subject, text, at }) => ({ id: _id, channel, to, subject, text, at: at.toISOString() })) };
}

/** New codes must be seen at once, and it is not a page to be found. */
export const headers = () => ({ "Cache-Control": "no-store" });

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "auth.outboxTitle" });

export default function Outbox() {
  const t = useT();
  const { messages } = useLoaderData<typeof loader>();
  return (
    <Frame>
      <header className="head">
        <h1>{t("auth.outboxTitle")}</h1>
        <p className="meta">{t("auth.outboxLead")}</p>
      </header>
      {messages.length === 0 ? <p className="empty">{t("auth.outboxEmpty")}</p> : null}
      <ul>
        {messages.map((message) => (
          <li key={message.id} className="line">
            <p className="meta">
              {t(message.channel === "sms" ? "auth.sms" : "auth.email")} · <span className="num">{message.to}</span> · <Time iso={message.at} />
            </p>
            <p>{message.text}</p>
          </li>
        ))}
      </ul>
    </Frame>
  );
}
