import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import mongoose from "mongoose";
import { describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { checkCode, CODE_LIFE_MS, getChallenge, mask, RESEND_AFTER_MS, resendCode, sendCode, spendCode, type SendCode } from "~/services/codes.server";
import { emailNotifier, NotSent, smsNotifier, type Message, type Notifier } from "~/services/notifier.server";
import { useDatabase } from "../support/db";
import { AT_NOON, minutesAfter } from "../support/posts";

useDatabase();

/** Remembers what was sent, in place of a phone. */
function makePhone(): Notifier & { sent: Message[]; lastCode: () => string } {
  const sent: Message[] = [];
  return {
    sent,
    send: (message) => {
      sent.push(message);
      return Promise.resolve();
    },
    lastCode: () => /\d{6}/.exec(sent.at(-1)?.text ?? "")?.[0] ?? "",
  };
}

let numbers = 0;
const nextNumber = (): string => `+861390000${String(++numbers).padStart(4, "0")}`;

function ask(given: Partial<SendCode> = {}): SendCode {
  return { purpose: "login", channel: "sms", to: nextNumber(), memberId: null, deliver: true, locale: "zh-CN", address: `192.0.2.${numbers}`, ...given };
}

const other = (code: string): string => (code === "000000" ? "000001" : "000000");
const entry = (id: string, code: string) => ({ id, code, purpose: "login" as const, address: `198.51.100.${numbers}` });

describe("sending", () => {
  test("given a code, then six digits are sent in the reader's language and only a hash is stored", async () => {
    const phone = makePhone();
    await sendCode(ask({ locale: "en" }), AT_NOON, phone);
    expect(phone.sent[0]?.text).toMatch(/^\[Goldbean\] \d{6} is your login code\. It works for 5 minutes\./);
    expect(JSON.stringify(await mongoose.connection.collection("oneTimeCodes").find({}).toArray())).not.toContain(phone.lastCode());
  });

  test("given a number that asks again and again, then it is refused with the time to wait", async () => {
    const phone = makePhone();
    const to = nextNumber();
    for (let sent = 0; sent < 2; sent++) await sendCode(ask({ to }), AT_NOON, phone);
    await expect(sendCode(ask({ to }), AT_NOON, phone)).rejects.toMatchObject({ code: "RATE_LIMITED", messageKey: "auth.retryInSeconds", retryAfterSec: 60 });
    await sendCode(ask({ to }), minutesAfter(AT_NOON, 1), phone);
    for (let sent = 0; sent < 3; sent++) await sendCode(ask({ to }), minutesAfter(AT_NOON, 2 + sent), phone);
    await expect(sendCode(ask({ to }), minutesAfter(AT_NOON, 6), phone)).rejects.toMatchObject({ code: "RATE_LIMITED", messageKey: "auth.retryInMinutes" });
    expect(phone.sent).toHaveLength(6);
  });

  test("given a resend within a minute, then it is refused; after it the old code stops working and the new one starts afresh", async () => {
    const phone = makePhone();
    const id = await sendCode(ask(), AT_NOON, phone);
    const first = phone.lastCode();
    const again = { id, locale: "zh-CN" as const, address: "192.0.2.200" };
    await expect(resendCode(again, minutesAfter(AT_NOON, 0.5), phone)).rejects.toMatchObject({ retryAfterSec: 30 });
    const later = new Date(AT_NOON.getTime() + RESEND_AFTER_MS);
    await resendCode(again, later, phone);
    if (phone.lastCode() !== first) await expect(checkCode(entry(id, first), later)).rejects.toMatchObject({ messageKey: "auth.codeWrong" });
    await expect(checkCode(entry(id, phone.lastCode()), new Date(later.getTime() + CODE_LIFE_MS - 1))).resolves.toMatchObject({ _id: id });
  });

  test("given ten resends at once, then one message goes out", async () => {
    const phone = makePhone();
    const id = await sendCode(ask(), AT_NOON, phone);
    const later = minutesAfter(AT_NOON, 2);
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => resendCode({ id, locale: "en", address: "192.0.2.201" }, later, phone)));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    expect(phone.sent).toHaveLength(2);
  });

  test("given a reset that matches nobody, then everything looks the same and nothing is sent", async () => {
    const phone = makePhone();
    const id = await sendCode(ask({ purpose: "reset", deliver: false }), AT_NOON, phone);
    expect(phone.sent).toHaveLength(0);
    expect(await getChallenge(id)).toMatchObject({ purpose: "reset", channel: "sms" });
    await resendCode({ id, locale: "en", address: "192.0.2.202" }, minutesAfter(AT_NOON, 2), phone);
    expect(phone.sent).toHaveLength(0);
  });
});

describe("entering", () => {
  test("given the right code used five times at once, then it allows one thing", async () => {
    const phone = makePhone();
    const id = await sendCode(ask(), AT_NOON, phone);
    const use = async () => {
      const row = await checkCode(entry(id, phone.lastCode()), AT_NOON);
      await inTransaction((tx) => spendCode(row, AT_NOON, tx));
    };
    const results = await Promise.allSettled(Array.from({ length: 5 }, use));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  });

  test("given fifty guesses at once, then five are compared and the right code no longer works", async () => {
    const phone = makePhone();
    const id = await sendCode(ask(), AT_NOON, phone);
    const guess = () => checkCode(entry(id, other(phone.lastCode())), AT_NOON);
    const reasons = (await Promise.allSettled(Array.from({ length: 50 }, guess))).map((result) => (result as PromiseRejectedResult).reason as { message: string });
    expect(reasons.filter((reason) => reason.message === "wrong code")).toHaveLength(5);
    await expect(checkCode(entry(id, phone.lastCode()), AT_NOON)).rejects.toMatchObject({ messageKey: "auth.codeTriesUp" });
  });

  test("given wrong codes, then the tries that are left are told", async () => {
    const phone = makePhone();
    const id = await sendCode(ask(), AT_NOON, phone);
    const wrong = entry(id, other(phone.lastCode()));
    await expect(checkCode(wrong, AT_NOON)).rejects.toMatchObject({ messageKey: "auth.codeWrong", params: { count: 4 }, fields: { code: "auth.codeWrong" } });
    await expect(checkCode(wrong, AT_NOON)).rejects.toMatchObject({ params: { count: 3 } });
    await expect(checkCode(entry(id, phone.lastCode()), AT_NOON)).resolves.toBeDefined();
  });

  test("given five minutes, then the code has expired", async () => {
    const phone = makePhone();
    const id = await sendCode(ask(), AT_NOON, phone);
    await expect(checkCode(entry(id, phone.lastCode()), new Date(AT_NOON.getTime() + CODE_LIFE_MS))).rejects.toMatchObject({ messageKey: "auth.codeExpired" });
  });

  test("given a code for one purpose, when it is entered for another, then it is unknown", async () => {
    const phone = makePhone();
    const id = await sendCode(ask({ purpose: "reset", memberId: "m" }), AT_NOON, phone);
    await expect(checkCode(entry(id, phone.lastCode()), AT_NOON)).rejects.toMatchObject({ messageKey: "auth.codeUnknown" });
  });

  test("given a challenge that never was, then it is unknown and has no view", async () => {
    await expect(checkCode(entry("nobody-asked-for-this", "123456"), AT_NOON)).rejects.toMatchObject({ messageKey: "auth.codeUnknown" });
    expect(await getChallenge("nobody-asked-for-this")).toBeNull();
  });
});

describe("ways to send", () => {
  const message: Message = { channel: "sms", to: "+8613900000000", subject: "s", text: "t 123456", challengeId: "c1" };

  async function withWebhook(status: number | "silent", run: (url: string, bodies: string[]) => Promise<void>): Promise<void> {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        bodies.push(`${request.headers.authorization ?? ""} ${body}`);
        if (status !== "silent") response.writeHead(status).end("{}");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sms`, bodies);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test("given a webhook that answers 200, then it got number, text and token", async () => {
    await withWebhook(200, async (url, bodies) => {
      await smsNotifier({ url, token: "secret" }).send(message, AT_NOON);
      expect(bodies).toEqual(['Bearer secret {"to":"+8613900000000","text":"t 123456","id":"c1"}']);
    });
  });

  test.each([500, 302, "silent"] as const)("given a webhook that answers %s, then the message counts as not sent", async (status) => {
    await withWebhook(status, async (url) => {
      await expect(smsNotifier({ url, timeoutMs: 200 }).send(message, AT_NOON)).rejects.toBeInstanceOf(NotSent);
    });
  });

  test("given a mail server that refuses, then the message counts as not sent and the cause is kept", async () => {
    const cause = new Error("550 no");
    const refusing = emailNotifier({ sendMail: () => Promise.reject(cause) }, "from@example.com");
    await expect(refusing.send({ ...message, channel: "email" }, AT_NOON)).rejects.toMatchObject({ messageKey: "auth.emailNotSent", cause });
  });

  test("given numbers and addresses, then only a part of each is shown", () => {
    expect(mask("+8613912345678")).toBe("139 **** 5678");
    expect(mask("+447700900123")).toBe("+447****23");
    expect(mask("someone@example.com")).toBe("s***@example.com");
  });
});
