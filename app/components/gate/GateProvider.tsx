import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";
import { GateSheet } from "./GateSheet";

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
}

const GateContext = createContext<Gate>({ open: () => undefined });

export interface OpenGate {
  request: GateRequest;
  form: FormData;
}

/** Holds the one sheet of the page. Without scripts it is never seen: the same forms lead to the page /gate. */
export function GateProvider({ children }: { children: ReactNode }) {
  const [opened, setOpened] = useState<OpenGate | null>(null);
  const open = useCallback((request: GateRequest, form?: FormData) => setOpened({ request, form: form ?? new FormData() }), []);
  const close = useCallback(() => setOpened(null), []);
  const gate = useMemo(() => ({ open }), [open]);
  return (
    <GateContext.Provider value={gate}>
      {children}
      {opened ? <GateSheet opened={opened} onClose={close} /> : null}
    </GateContext.Provider>
  );
}

export function useGate(): Gate {
  return useContext(GateContext);
}
