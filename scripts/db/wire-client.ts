import { connect, type Socket } from "node:net";
import { deserialize, serialize, type Document } from "bson";

/**
 * One connection that sends commands as they are. The official driver chooses session ids, transaction numbers and retries
 * itself; the histories need to choose them, for instance to repeat a commit after a crash.
 * Replies come back as documents, `ok: 0` included; only a lost connection is an exception.
 */
const OP_MSG = 2013;
const HEADER_BYTES = 16;

export class ConnectionLost extends Error {
  constructor(cause?: unknown) {
    super("the connection to the engine was lost", { cause });
    this.name = "ConnectionLost";
  }
}

interface Waiting {
  resolve(reply: Document): void;
  reject(error: Error): void;
}

export class WireClient {
  private nextRequestId = 1;
  private received = Buffer.alloc(0) as Buffer;
  private readonly waiting = new Map<number, Waiting>();
  private lost: ConnectionLost | null = null;

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    socket.on("error", (error) => this.lose(error));
    socket.on("close", () => this.lose());
  }

  static open(uri: string): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(addressOf(uri));
      socket.once("error", (error) => reject(new ConnectionLost(error)));
      socket.once("connect", () => resolve(new WireClient(socket)));
    });
  }

  command(database: string, body: Document): Promise<Document> {
    if (this.lost) return Promise.reject(this.lost);
    const requestId = this.nextRequestId++;
    const bson = serialize({ ...body, $db: database });
    const message = Buffer.alloc(HEADER_BYTES + 5 + bson.length);
    message.writeInt32LE(message.length, 0);
    message.writeInt32LE(requestId, 4);
    message.writeInt32LE(OP_MSG, 12);
    message.set(bson, HEADER_BYTES + 5);
    return new Promise((resolve, reject) => {
      this.waiting.set(requestId, { resolve, reject });
      this.socket.write(message);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 4) {
      const length = this.received.readInt32LE(0);
      if (this.received.length < length) return;
      const responseTo = this.received.readInt32LE(8);
      const reply = deserialize(this.received.subarray(HEADER_BYTES + 5, length));
      this.received = this.received.subarray(length);
      this.waiting.get(responseTo)?.resolve(reply);
      this.waiting.delete(responseTo);
    }
  }

  private lose(cause?: unknown): void {
    this.lost ??= new ConnectionLost(cause);
    for (const { reject } of this.waiting.values()) reject(this.lost);
    this.waiting.clear();
  }
}

function addressOf(uri: string): { path: string } | { host: string; port: number } {
  const host = uri.replace(/^mongodb:\/\//, "").split(/[/?]/)[0]!;
  const decoded = decodeURIComponent(host);
  if (decoded.includes("/")) return { path: decoded };
  const [name, port = "27017"] = decoded.split(":");
  return { host: name!, port: Number(port) };
}
