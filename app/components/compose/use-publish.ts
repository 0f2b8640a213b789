import { useNavigate } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { useT } from "~/i18n/react";
import { sendForm, type Refusal } from "./send";
import type { Pictures, PicturesCheck } from "./use-pictures";

export type PublishState = "idle" | "waiting" | "sending" | "offline";

/**
 * Sends the words of a post once. Pressed while a picture is on its way, it waits and sends by itself when the last one
 * stands; whatever the answer is, the form stays as it was.
 */
export function usePublish({ form, pictures, given, onDone }: { form: () => URLSearchParams; pictures: Pictures; given: Refusal | null; onDone: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const [state, setState] = useState<PublishState>("idle");
  const [refusal, setRefusal] = useState<Refusal | null>(given);
  /** The server knew of a picture on its way that this page took for ready. */
  const [againAfterMs, setAgainAfterMs] = useState(0);
  const pictured = pictures.check();

  async function publish() {
    if (state === "sending") return;
    setRefusal(null);
    if (pictured.kind === "waiting") return setState("waiting");
    if (pictured.kind !== "ready") {
      setState("idle");
      return setRefusal(refusalOf(pictured));
    }
    setState("sending");
    const answer = await sendForm<{ location: string }>("/drafts/publish", form());
    const retryAfterSec = answer.kind === "refused" && answer.refusal.code === "CONFLICT" ? answer.refusal.retryAfterSec : undefined;
    if (retryAfterSec !== undefined) {
      pictures.askAgain();
      setAgainAfterMs(retryAfterSec * 1_000);
      return setState("waiting");
    }
    setState(answer.kind === "offline" ? "offline" : "idle");
    if (answer.kind === "refused") setRefusal(answer.refusal);
    if (answer.kind === "login") navigate(`/login?redirectTo=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    if (answer.kind !== "done") return;
    onDone();
    navigate(answer.value.location);
  }

  function refusalOf({ kind, index }: Extract<PicturesCheck, { index: number }>): Refusal {
    const sentence = t(kind === "undescribed" ? "media.pictureUndescribed" : "media.pictureRejected", { index: index + 1 });
    document.querySelector<HTMLInputElement>(`[data-picture-alt="${index}"]`)?.focus();
    return { error: sentence, code: "INVALID", fields: { body: sentence } };
  }

  const latest = useRef(publish);
  latest.current = publish;
  useEffect(() => {
    if (state !== "waiting" || pictured.kind === "waiting") return;
    const timer = window.setTimeout(() => void latest.current(), againAfterMs);
    return () => window.clearTimeout(timer);
  }, [state, pictured.kind, againAfterMs]);

  return { state, refusal, publish, stopWaiting: () => setState("idle"), waitingFor: pictured.kind === "waiting" ? pictured.count : 1 };
}
