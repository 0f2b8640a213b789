import { thumbHashToDataURL } from "thumbhash";

/** The blurred ground of a clip as a picture of its own, some 32 px wide. Null when the hash says nothing. */
export function thumbhashUrl(base64: string): string | null {
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    // A hash that cannot be read is a missing ground, nothing more.
    return null;
  }
}
