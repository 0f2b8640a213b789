/** What the process tells the loaders, actions and the renderer about a request. */
export interface RequestFacts {
  /** Fresh for every rendered page; the renderer puts it on each script that we wrote ourselves. */
  nonce: string;
  /** Also in the X-Request-Id header and in every log line of the request. */
  requestId: string;
  /** Address of the reader, behind TRUST_PROXY proxies. Empty for a page that is made to be kept. */
  clientAddress: string;
  isBot: boolean;
  /** performance.now() when the loaders began. */
  startedAtMs: number;
  /** The finished page, put here by the renderer: through the stream of a Response it would be coded and copied three times. */
  page?: string;
}

declare module "@remix-run/node" {
  interface AppLoadContext extends RequestFacts {
    readonly nonce: string;
  }
}
