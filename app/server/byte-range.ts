/**
 * Which bytes a request asks for (RFC 9110, section 14). Pure. One range is honoured; several in one request are
 * answered with the whole, which the standard allows and no player minds.
 */
export type RangeAnswer = { kind: "whole" } | { kind: "part"; start: number; end: number } | { kind: "impossible" };

export interface RangeRequest {
  range: string | undefined;
  ifRange: string | undefined;
  /** Strong, with its quotes. */
  etag: string;
  lastModified: string;
  sizeBytes: number;
}

const WHOLE: RangeAnswer = { kind: "whole" };
const SINGLE = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i;

export function chooseRange({ range, ifRange, etag, lastModified, sizeBytes }: RangeRequest): RangeAnswer {
  if (range === undefined || !isCurrent(ifRange, { etag, lastModified })) return WHOLE;
  const match = SINGLE.exec(range);
  // Another unit, several ranges, or no range at all: as if nothing had been asked.
  if (!match || (match[1] === "" && match[2] === "")) return WHOLE;
  const [, first = "", last = ""] = match;
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? { kind: "impossible" } : { kind: "part", start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return WHOLE;
  if (start >= sizeBytes) return { kind: "impossible" };
  return { kind: "part", start, end: last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}

/** If-Range names what the client has a part of; when that is not this file, it needs all of it. */
function isCurrent(ifRange: string | undefined, { etag, lastModified }: Pick<RangeRequest, "etag" | "lastModified">): boolean {
  return ifRange === undefined || ifRange === etag || ifRange === lastModified;
}
