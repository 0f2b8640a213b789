import { createContext, useContext } from "react";

/**
 * The Content-Security-Policy nonce of this response, for `<Scripts nonce>` and `<ScrollRestoration nonce>`.
 * Empty in the browser: the attribute is hidden from scripts there, and React must not see a difference.
 */
const NonceContext = createContext<string | undefined>(undefined);

export const NonceProvider = NonceContext.Provider;

export function useNonce(): string | undefined {
  return useContext(NonceContext);
}
