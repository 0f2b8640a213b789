import { useFetcher, useLocation } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { refusalOf } from "~/components/account/Field";
import { CodeStep, PasswordStep, PhoneStep, Terms, wayTo, type Challenge } from "~/components/account/LoginForms";
import { useViewer } from "~/components/layout/page-context";
import { useT } from "~/i18n/react";
import type { OpenGate } from "./GateProvider";
import { gatePromiseKey, gateTitleKey } from "./titles";

interface Sent {
  ok: true;
  challenge: Challenge;
  resent: boolean;
}

/**
 * The gate as a sheet over the page: names the act, asks for a phone number first, and goes away without a trace.
 * `showModal` keeps the focus inside and gives it back; the page behind neither moves nor reloads until the login is done.
 */
export function GateSheet({ opened, onClose }: { opened: OpenGate; onClose: () => void }) {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  const viewer = useViewer();
  const location = useLocation();
  const here = opened.here ?? location.pathname + location.search;
  const token = useIntentToken(opened, here);
  const login = useFetcher<Sent>();
  const codes = useFetcher<Sent>();
  const [way, setWay] = useState<"phone" | "password">("phone");
  const sent = codes.data && !refusalOf(codes.data) ? codes.data : login.data && !refusalOf(login.data) ? login.data : null;
  const challenge = sent?.challenge ?? null;

  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  // Each step begins in its first field; a refusal leads back to it.
  const step = challenge ? "code" : way;
  const refused = refusalOf(codes.data) ?? refusalOf(login.data);
  useEffect(() => {
    dialog.current?.querySelector<HTMLInputElement>(".input")?.focus();
  }, [step, refused]);
  // The login answers with a redirect to this page; once the reader has a name the sheet has done its work.
  useEffect(() => {
    if (viewer) dialog.current?.close();
  }, [viewer]);

  const onTheWay = { intent: token ?? "", redirectTo: here, sheet: true };
  const waiting = token === null;
  const keepReading = (
    <button type="button" className="btn quiet" onClick={() => dialog.current?.close()}>
      {t("gate.keepReading")}
    </button>
  );
  return (
    <dialog
      ref={dialog}
      className="gate sheet"
      aria-labelledby="gate-title"
      onClose={onClose}
      onClick={(event) => {
        // A press beside the sheet lands on the dialog itself.
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div className="gate-body">
        <div className="grab" aria-hidden="true" />
        <h2 id="gate-title">{t(gateTitleKey(opened.request))}</h2>
        <p className="sub">
          {t(gatePromiseKey(opened.request))}
          {t("gate.readingIsFree")}
        </p>
        {challenge ? (
          <CodeStep
            as={codes.Form}
            refusal={refusalOf(codes.data)}
            busy={codes.state !== "idle"}
            challenge={challenge}
            resent={codes.data?.ok === true && codes.data.resent}
            {...onTheWay}
          >
            {keepReading}
          </CodeStep>
        ) : way === "phone" ? (
          <PhoneStep as={login.Form} refusal={refusalOf(login.data)} busy={waiting || login.state !== "idle"} {...onTheWay}>
            <button type="button" className="btn" onClick={() => setWay("password")}>
              {t("auth.withPassword")}
            </button>
            {keepReading}
          </PhoneStep>
        ) : (
          <PasswordStep as={login.Form} refusal={refusalOf(login.data)} busy={waiting || login.state !== "idle"} {...onTheWay}>
            <button type="button" className="btn" onClick={() => setWay("phone")}>
              {t("auth.withPhone")}
            </button>
            <a className="btn quiet" href={wayTo("/join", onTheWay)}>
              {t("auth.toJoin")}
            </a>
            {keepReading}
          </PasswordStep>
        )}
        <Terms />
      </div>
    </dialog>
  );
}

/**
 * Asks the server to sign what was tried. Null while waiting; empty when it could not be signed, in which case logging
 * in still works and leads back here, only the act has to be pressed again.
 */
function useIntentToken(opened: OpenGate, here: string): string | null {
  const [token, setToken] = useState<string | null>(null);
  useEffect(() => {
    const given = new AbortController();
    const body = new FormData();
    for (const [name, value] of opened.form) body.append(name, value);
    body.set("gate", JSON.stringify({ ...opened.request, redirectTo: here }));
    fetch("/gate/intents", { method: "POST", body, headers: { Accept: "application/json" }, signal: given.signal })
      .then((reply) => (reply.ok ? (reply.json() as Promise<{ intent: string }>) : { intent: "" }))
      .then(({ intent }) => setToken(intent))
      .catch(() => {
        // Cut off or offline: see above for what still works.
        if (!given.signal.aborted) setToken("");
      });
    return () => given.abort();
  }, [opened, here]);
  return token;
}
