/**
 * Text of unknown encoding, as captions files come: by its mark, else UTF-8 when every byte fits, else the Chinese or the
 * western encoding that old editors write. Pure; safe in the browser.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return tryDecoding("utf-8", bytes) ?? (isMostlyHigh(bytes) ? tryDecoding("gb18030", bytes) : null) ?? new TextDecoder("windows-1252").decode(bytes);
}

function tryDecoding(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    // Some byte does not exist in it; the next encoding is tried.
    return null;
  }
}

/** Chinese text has two high bytes for each character, western text an accent now and then. */
const HIGH_SHARE_MIN = 0.3;

function isMostlyHigh(bytes: Uint8Array): boolean {
  let high = 0;
  let letters = 0;
  for (const byte of bytes) {
    if (byte >= 0x80) high++;
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) letters++;
  }
  return high > (high + letters) * HIGH_SHARE_MIN;
}
