import pino from "pino";
import { env } from "./env.server";

/**
 * One JSON line per event: `logger.info({ event: "like.set", requestId, memberId, postId })`.
 * Ids, not bodies; no tokens, phone numbers or e-mail addresses. Expected refusals are `warn`, bugs are `error`.
 */
export const logger = pino({
  level: env.LOG_LEVEL,
  base: { pid: process.pid },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
  redact: { paths: ["password", "token", "cookie", "*.password", "*.token", "*.cookie"], censor: "[redacted]" },
});
