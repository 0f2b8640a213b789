import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { readBody } from "~/server/web-bridge";

test("given a form that drips, then it is given up after its time, and the connection with it", async () => {
  const outcomes: unknown[] = [];
  const server = createServer((req, res) => {
    readBody(req, 1_000, 50).then(
      (body) => outcomes.push(body.length),
      (error: unknown) => outcomes.push((error as Error).message),
    );
    res.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nabc");
  await closed;
  expect(outcomes).toEqual(["the body took too long"]);
  server.close();
});
