/**
 * Expected failures carry a code; everything else is a bug and stays an Error.
 * `message` is for logs. What a reader sees comes from the code (or `messageKey`) through the locale files,
 * so that every refusal exists in both languages. app/http/errors.server.ts maps codes to HTTP, once.
 */
export type DomainErrorCode =
  | "NOT_FOUND"
  | "GONE"
  | "FORBIDDEN"
  | "UNAUTHENTICATED"
  | "CONFLICT"
  | "INVALID"
  | "RATE_LIMITED"
  | "UNAVAILABLE"
  | "TOO_LARGE"
  | "STORAGE_FULL";

export interface DomainErrorDetails extends ErrorOptions {
  /** Locale key of the sentence shown to the reader, e.g. "errors.selfLike". Defaults to the sentence of the code. */
  messageKey?: string;
  /** Values for the placeholders of that sentence. */
  params?: Record<string, string | number>;
  /** Field name → locale key, for forms that show the error where it happened. */
  fields?: Record<string, string>;
  /** Seconds after which the same request may succeed (RATE_LIMITED, UNAVAILABLE, STORAGE_FULL). */
  retryAfterSec?: number;
}

export class DomainError extends Error {
  readonly messageKey?: string;
  readonly params?: Record<string, string | number>;
  readonly fields?: Record<string, string>;
  readonly retryAfterSec?: number;

  constructor(
    readonly code: DomainErrorCode,
    message: string,
    details: DomainErrorDetails = {},
  ) {
    super(message, details);
    this.name = new.target.name;
    this.messageKey = details.messageKey;
    this.params = details.params;
    this.fields = details.fields;
    this.retryAfterSec = details.retryAfterSec;
  }
}

export class NotFound extends DomainError {
  constructor(what: string) {
    super("NOT_FOUND", `${what} not found`);
  }
}

export class Invalid extends DomainError {
  constructor(message: string, details: DomainErrorDetails = {}) {
    super("INVALID", message, details);
  }
}

export class Forbidden extends DomainError {
  constructor(message: string, details: DomainErrorDetails = {}) {
    super("FORBIDDEN", message, details);
  }
}

export class Conflict extends DomainError {
  constructor(message: string, details: DomainErrorDetails = {}) {
    super("CONFLICT", message, details);
  }
}
