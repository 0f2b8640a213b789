import { useFetcher } from "@remix-run/react";
import { useState, type FormEvent, type ReactNode } from "react";
import { useGate, type GateRequest } from "~/components/gate/GateProvider";
import { useViewer } from "~/components/layout/page-context";

/**
 * A form that only members may send. A guest's press opens the gate sheet, which names the act and completes it after
 * login; without scripts the same form posts and the server answers with the gate page.
 * `children` gets whether an answer is awaited and the data of the last one: nothing is shown as done before it is stored.
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
  const fetcher = useFetcher<Data & { error?: string }>({ key: action });
  const viewer = useViewer();
  const { open } = useGate();
  const [dismissed, setDismissed] = useState<string | null>(null);
  const failed = fetcher.data?.error ?? null;

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    setDismissed(null);
    if (viewer) return;
    event.preventDefault();
    open(gate, new FormData(event.currentTarget));
  }

  return (
    <fetcher.Form method="post" action={action} className="inline" onSubmit={onSubmit}>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {children({ busy: fetcher.state !== "idle", data: fetcher.data, failed })}
      {failed && failed !== dismissed && fetcher.state === "idle" ? (
        <span className="toast" role="alert">
          {failed}
          <button type="button" onClick={() => setDismissed(failed)}>
            ✕
          </button>
        </span>
      ) : null}
    </fetcher.Form>
  );
}
