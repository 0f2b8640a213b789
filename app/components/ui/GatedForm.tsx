import { useFetcher } from "@remix-run/react";
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { useGate, type GateRequest } from "~/components/gate/GateProvider";
import { useViewer } from "~/components/layout/page-context";

type Answer<Data> = Data & { error?: string };

interface SendState<Data> {
  busy: boolean;
  data: Answer<Data> | undefined;
}

/**
 * A form that only members may send. A guest's press opens the gate sheet, which names the act and completes it after
 * login; without scripts the same form posts and the server answers with the gate page.
 * `children` gets whether an answer is awaited and the data of the last one: nothing is shown as done before it is stored.
 * A page has up to a hundred of these, so what sends is only there once there is something to send.
 */
export function GatedForm<Data>({
  action,
  fields,
  gate,
  children,
}: {
  action: string;
  fields: Record<string, string>;
  gate: GateRequest;
  children: (state: { busy: boolean; data: Data | undefined; failed: string | null }) => ReactNode;
}) {
  const viewer = useViewer();
  const { open } = useGate();
  const [form, setForm] = useState<FormData | null>(null);
  const [{ busy, data }, setState] = useState<SendState<Data>>({ busy: false, data: undefined });
  const [dismissed, setDismissed] = useState<string | null>(null);
  const failed = data?.error ?? null;

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setDismissed(null);
    const { submitter } = event.nativeEvent as SubmitEvent;
    if (!viewer) open(gate, new FormData(event.currentTarget));
    else if (!busy) setForm(new FormData(event.currentTarget, submitter));
  }

  return (
    <form method="post" action={action} className="inline" data-discover={viewer ? "true" : undefined} onSubmit={onSubmit}>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {children({ busy, data, failed })}
      {failed && failed !== dismissed && !busy ? (
        <span className="toast" role="alert">
          {failed}
          <button type="button" onClick={() => setDismissed(failed)}>
            ✕
          </button>
        </span>
      ) : null}
      {form ? <Sender action={action} form={form} onState={setState} /> : null}
    </form>
  );
}

/** Sends each form it is given, once, and reports. */
function Sender<Data>({ action, form, onState }: { action: string; form: FormData; onState: (state: SendState<Data>) => void }) {
  const fetcher = useFetcher<Answer<Data>>({ key: action });
  const { submit, state, data } = fetcher;
  const sent = useRef<FormData | null>(null);
  useEffect(() => {
    // `submit` is another function after each navigation, which is no reason to send again.
    if (sent.current === form) return;
    sent.current = form;
    submit(form, { method: "post", action });
  }, [submit, form, action]);
  // The answer is typed by its route; the fetcher would describe it as read from JSON.
  useEffect(() => onState({ busy: state !== "idle", data: data as Answer<Data> | undefined }), [onState, state, data]);
  return null;
}
