import { connect } from "node:net";
import { serialize } from "bson";
import type { Document } from "bson";
import { describe, expect, test } from "vitest";
import { MessageSplitter, ProtocolViolation, encodeMsg, parseRequest } from "@models/embedded/wire/framing";
import { arrayField, documentField, joinDocuments } from "@models/embedded/wire/raw";
import { decode } from "@models/embedded/bson/values";
import { WireClient } from "../../../scripts/db/wire-client";
import { useEngine } from "./support/engine";

const request = (command: Document): Buffer => encodeMsg(serialize(command), 7, 0);

describe("framing", () => {
  test("given messages cut at every byte, then the same messages come out", () => {
    const stream = Buffer.concat([request({ ping: 1, $db: "a" }), request({ hello: 1, $db: "b" })]);
    for (let cut = 1; cut < stream.length; cut++) {
      const splitter = new MessageSplitter();
      const messages = [...splitter.push(stream.subarray(0, cut)), ...splitter.push(stream.subarray(cut))];
      expect(messages.map((message) => parseRequest(message).command().$db)).toEqual(["a", "b"]);
    }
  });

  test("given a message that claims to be larger than the limit, then it is a violation before its bytes are kept", () => {
    const header = Buffer.alloc(16);
    header.writeInt32LE(48_000_001, 0);
    expect(() => new MessageSplitter().push(header)).toThrow(ProtocolViolation);
  });

  test("given a document sequence, then its documents are in the command", () => {
    const body = serialize({ insert: "c", $db: "a" });
    const documents = [serialize({ _id: 1 }), serialize({ _id: 2 })];
    const name = Buffer.from("documents\0");
    const size = Buffer.alloc(4);
    size.writeInt32LE(4 + name.length + documents.reduce((sum, each) => sum + each.length, 0));
    const message = Buffer.concat([encodeMsg(body, 1, 0), Buffer.from([1]), size, name, ...documents]);
    message.writeInt32LE(message.length, 0);
    expect(parseRequest(message).command().documents).toMatchObject([{ _id: 1 }, { _id: 2 }]);
  });

  test("given stored documents, then an answer put together from their bytes is what encoding it would give", () => {
    const parts = [arrayField("firstBatch", [serialize({ a: 1 }), serialize({ b: "x" })]), serialize({ id: 5 })];
    const joined = joinDocuments([documentField("cursor", joinDocuments(parts)), serialize({ ok: 1 })]);
    expect(joined.equals(Buffer.from(serialize({ cursor: { firstBatch: [{ a: 1 }, { b: "x" }], id: 5 }, ok: 1 })))).toBe(true);
    expect(decode(joined).ok).toBe(1);
  });
});

describe("the socket", () => {
  const engine = useEngine();

  test("given the first handshake in the old form, then it is answered in the old form", async () => {
    const path = decodeURIComponent(/^mongodb:\/\/([^/]+)\//.exec(engine().uri)?.[1] ?? "");
    const body = serialize({ isMaster: 1, helloOk: true });
    const head = Buffer.alloc(16 + 4);
    const rest = Buffer.concat([Buffer.from("admin.$cmd\0"), Buffer.from([0, 0, 0, 0, 255, 255, 255, 255]), body]);
    head.writeInt32LE(head.length + rest.length, 0);
    head.writeInt32LE(2004, 12);
    const reply = await new Promise<Buffer>((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("data", (chunk) => {
        socket.destroy();
        resolve(chunk);
      });
      socket.write(Buffer.concat([head, rest]));
    });
    expect(reply.readInt32LE(12)).toBe(1);
    const hello = decode(reply.subarray(36));
    expect(hello).toMatchObject({ ismaster: true, helloOk: true, setName: "rs0", me: path, hosts: [path], primary: path, maxWireVersion: 21, ok: 1 });
    expect(Object.keys(hello)).not.toContain("topologyVersion");
  });

  test.each([
    [{ nope: 1 }, 59],
    [{ bulkWrite: 1 }, 238],
    [{ find: "c", foo: 1 }, 40415],
    [{ getMore: 1, collection: "c" }, 43],
    [{ create: "c", capped: true, size: 1 }, 238],
    [{ create: "c", validator: { a: 1 } }, 238],
    [{ find: "c", collation: { locale: "de" } }, 238],
    [{ aggregate: "c", pipeline: [{ $changeStream: {} }], cursor: {} }, 238],
    [{ find: "c", filter: { $where: "1" } }, 238],
    [{ insert: "c", documents: [] }, 16],
  ])("given %j, then it is refused with %i and the connection stays", async (command, code) => {
    const client = await WireClient.open(engine().uri);
    expect(await client.command("test", command)).toMatchObject({ ok: 0, code });
    expect(await client.command("test", { ping: 1 })).toMatchObject({ ok: 1 });
    client.close();
  });

  test("given what is not the protocol, then only that connection ends", async () => {
    const path = decodeURIComponent(/^mongodb:\/\/([^/]+)\//.exec(engine().uri)?.[1] ?? "");
    await new Promise<void>((resolve, reject) => {
      const socket = connect(path, () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      socket.once("close", () => resolve());
      socket.once("error", reject);
    });
    expect(await engine().client.db("test").command({ ping: 1 })).toMatchObject({ ok: 1 });
  });
});
