import type { IncomingMessage, ServerResponse } from "node:http";
import helmet, { type HelmetOptions } from "helmet";

/**
 * Headers of every answer but the Content-Security-Policy, which differs by page (csp.ts).
 * The referrer policy is not helmet's default: with `no-referrer` a browser sends `Origin: null` for a form without
 * JavaScript, and the origin check would refuse every one of them.
 */
export function helmetOptions(https: boolean): HelmetOptions {
  return {
    contentSecurityPolicy: false,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: "strict-origin-when-cross-origin" },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: true } : false,
  };
}

/** What helmet would set, as pairs for answers that do not pass through express. */
export function securityHeaders(https: boolean): [name: string, value: string][] {
  const headers: [string, string][] = [];
  const response = {
    setHeader: (name: string, value: string) => void headers.push([name, value]),
    removeHeader: () => undefined,
  };
  helmet(helmetOptions(https))({ secure: https } as unknown as IncomingMessage, response as unknown as ServerResponse, (error) => {
    if (error instanceof Error) throw error;
  });
  return headers;
}
