import nodemailer, { type Transporter } from "nodemailer";
import { DomainError } from "@models/errors";
import { insertOutboxMessage } from "@models/outbox.server";
import { env } from "../env.server";

/**
 * Notifier port: one message to one phone or e-mail address. Three ways to send: the demo shows it on screen, SMTP
 * carries e-mail, an HTTP webhook carries SMS. Which one is used is decided by the settings alone.
 */
export interface Message {
  channel: "sms" | "email";
  to: string;
  subject: string;
  text: string;
  challengeId: string | null;
}

export interface Notifier {
  send(message: Message, now: Date): Promise<void>;
}

export class NotSent extends DomainError {
  constructor(channel: Message["channel"], cause: unknown) {
    super("UNAVAILABLE", `${channel} could not be sent`, { messageKey: channel === "sms" ? "auth.smsNotSent" : "auth.emailNotSent", cause, retryAfterSec: 60 });
  }
}

const SEND_TIMEOUT_MS = 8_000;

const demoNotifier: Notifier = {
  send: (message, now) => insertOutboxMessage({ ...message, at: now }),
};

export interface SmsWebhook {
  url: string;
  token?: string;
  timeoutMs?: number;
}

/** POSTs `{ to, text, id }`; anything but a 2xx answer in time counts as not sent. */
export function smsNotifier({ url, token, timeoutMs = SEND_TIMEOUT_MS }: SmsWebhook): Notifier {
  return {
    async send({ to, text, challengeId }) {
      const headers: Record<string, string> = { "Content-Type": "application/json" };
      if (token) headers.Authorization = `Bearer ${token}`;
      try {
        const reply = await fetch(url, { method: "POST", headers, body: JSON.stringify({ to, text, id: challengeId }), signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
        await reply.body?.cancel();
        if (!reply.ok) throw new Error(`webhook answered ${reply.status}`);
      } catch (error) {
        throw new NotSent("sms", error);
      }
    },
  };
}

export function emailNotifier(transport: Pick<Transporter, "sendMail">, from: string): Notifier {
  return {
    async send({ to, subject, text }) {
      try {
        await transport.sendMail({ from, to, subject, text });
      } catch (error) {
        throw new NotSent("email", error);
      }
    },
  };
}

const missing = (channel: Message["channel"]): Notifier => ({
  send: () => Promise.reject(new NotSent(channel, new Error("no way to send is set up"))),
});

function makeEmail(): Notifier {
  if (!env.SMTP_HOST || !env.SMTP_FROM) return missing("email");
  const transport = nodemailer.createTransport({
    host: env.SMTP_HOST,
    port: env.SMTP_PORT,
    secure: env.SMTP_SECURE,
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
    ...(env.SMTP_USER ? { auth: { user: env.SMTP_USER, pass: env.SMTP_PASSWORD ?? "" } } : {}),
  });
  return emailNotifier(transport, env.SMTP_FROM);
}

function makeSms(): Notifier {
  if (!env.SMS_WEBHOOK_URL) return missing("sms");
  return smsNotifier({ url: env.SMS_WEBHOOK_URL, ...(env.SMS_WEBHOOK_TOKEN ? { token: env.SMS_WEBHOOK_TOKEN } : {}) });
}

let made: Notifier | undefined;

/** The notifier of the settings; made on first use. */
export function notifier(): Notifier {
  if (made) return made;
  if (env.DEMO || env.NODE_ENV === "test") return (made = demoNotifier);
  const ways = { sms: makeSms(), email: makeEmail() };
  return (made = { send: (message, now) => ways[message.channel].send(message, now) });
}
