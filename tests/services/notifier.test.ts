import { createServer, type AddressInfo, type Socket } from "node:net";
import nodemailer from "nodemailer";
import { expect, test } from "vitest";
import { emailNotifier, NotSent } from "~/services/notifier.server";
import { AT_NOON } from "../support/posts";

/** The least of a mail server: says yes to everything but `refuse`, and keeps what it was given. */
async function withMailServer(refuse: string | null, run: (port: number, mail: string[]) => Promise<void>): Promise<void> {
  const mail: string[] = [];
  const serve = (socket: Socket) => {
    let receiving = false;
    socket.write("220 test\r\n");
    socket.on("data", (part) => {
      for (const line of part.toString().split("\r\n")) {
        if (receiving) {
          mail.push(line);
          if (line === ".") {
            receiving = false;
            socket.write("250 kept\r\n");
          }
          continue;
        }
        const verb = line.slice(0, 4).toUpperCase();
        if (verb === "") continue;
        if (verb === refuse) socket.write("550 no\r\n");
        else if (verb === "DATA") {
          receiving = true;
          socket.write("354 go on\r\n");
        } else if (verb === "QUIT") socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run((server.address() as AddressInfo).port, mail);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const message = { channel: "email" as const, to: "reader@example.com", subject: "金豆社区验证码", text: "验证码 123456，5 分钟内有效。", challengeId: null };
const over = (port: number) => nodemailer.createTransport({ host: "127.0.0.1", port, secure: false, ignoreTLS: true, connectionTimeout: 2_000 });

test("given a mail server, then the message arrives with sender, subject and words", async () => {
  await withMailServer(null, async (port, mail) => {
    await emailNotifier(over(port), "Goldbean <no-reply@example.com>").send(message, AT_NOON);
    const text = mail.join("\n");
    expect(text).toContain("To: reader@example.com");
    expect(text).toContain("From: Goldbean <no-reply@example.com>");
    const body = text.split("\n\n").at(-1) ?? "";
    expect(Buffer.from(body.replace(/\.\s*$/, ""), "base64").toString()).toBe(message.text);
  });
});

test.each(["MAIL", "RCPT"])("given a mail server that refuses at %s, then the message counts as not sent", async (verb) => {
  await withMailServer(verb, async (port) => {
    await expect(emailNotifier(over(port), "no-reply@example.com").send(message, AT_NOON)).rejects.toBeInstanceOf(NotSent);
  });
});

test("given nobody who listens, then the message counts as not sent", async () => {
  await expect(emailNotifier(over(1), "no-reply@example.com").send(message, AT_NOON)).rejects.toBeInstanceOf(NotSent);
});
