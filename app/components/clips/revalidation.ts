import type { ShouldRevalidateFunction } from "@remix-run/react";

/**
 * A like, a save, a follow or a comment answers with what has changed; reading the whole feed again for it would only
 * cost. Everything else (a login, the language, another page) reads anew.
 */
export const keepsClips: ShouldRevalidateFunction = ({ formAction, defaultShouldRevalidate }) =>
  defaultShouldRevalidate && !/^\/(?:posts|members)\/[^/]+\/(?:like|save|follow|comments)/.test(formAction ?? "");
