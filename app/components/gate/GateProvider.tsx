import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";
import { allMessages } from "~/i18n/t";
import type { GateSheet } from "./GateSheet";

/** What a guest tried. The server checks every part of it again. */
export interface GateRequest {
  act: "like" | "save" | "follow" | "vote" | "report" | "comment" | "reply" | "post" | "edit";
  targetKind: "post" | "comment" | "member" | "topic" | "new";
  targetId: string;
  /** The post that a comment belongs to. */
  postId?: string;
}

interface Gate {
  /** Opens the sheet. `form` brings what was chosen or written: poll choices, a report's reason, the words of a comment. */
  open: (request: GateRequest, form?: FormData) => void;
  /** For a page that moves without the router knowing: where a login leads back to. Null when it goes. */
  comeBackTo: (place: (() => string) | null) => void;
}

const GateContext = createContext<Gate>({ open: () => undefined, comeBackTo: () => undefined });

export interface OpenGate {
  request: GateRequest;
  form: FormData;
  /** Path to come back to; null means the page that the router shows. */
  here: string | null;
}

/**
 * Holds the one sheet of the page. Without scripts it is never seen: the same forms lead to the page /gate. Most readers
 * never press anything, so the sheet comes with the first press; when it cannot come, the login page does its work.
 */
export function GateProvider({ children }: { children: ReactNode }) {
  const [opened, setOpened] = useState<OpenGate | null>(null);
  const [sheet, setSheet] = useState<{ Sheet: typeof GateSheet } | null>(null);
  const place = useRef<(() => string) | null>(null);
  const open = useCallback((request: GateRequest, form?: FormData) => {
    const here = place.current?.() ?? null;
    Promise.all([import("./GateSheet"), allMessages()]).then(
      ([{ GateSheet: Sheet }]) => {
        setSheet({ Sheet });
        setOpened({ request, form: form ?? new FormData(), here });
      },
      () => window.location.assign(`/login?redirectTo=${encodeURIComponent(here ?? window.location.pathname + window.location.search)}`),
    );
  }, []);
  const comeBackTo = useCallback((next: (() => string) | null) => {
    place.current = next;
  }, []);
  const close = useCallback(() => setOpened(null), []);
  const gate = useMemo(() => ({ open, comeBackTo }), [open, comeBackTo]);
  return (
    <GateContext.Provider value={gate}>
      {children}
      {opened && sheet ? <sheet.Sheet opened={opened} onClose={close} /> : null}
    </GateContext.Provider>
  );
}

export function useGate(): Gate {
  return useContext(GateContext);
}
