import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { MessageSplitter, encodeLegacyReply, encodeMsg, parseRequest } from "./framing";
import type { Request } from "./framing";

/**
 * The listening socket. One connection carries one request at a time: reading stops while a command runs,
 * so a client cannot pile up work in memory.
 */
export type Answer = (command: Request["command"], connectionId: number) => Promise<Uint8Array>;

export interface WireServerOptions {
  answer: Answer;
  connectionsMax?: number;
  /** Told about peers that break the protocol; the connection has been closed by then. */
  onViolation?: (error: unknown) => void;
}

const CONNECTIONS_MAX = 2000;

export class WireServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #nextConnectionId = 1;
  #nextRequestId = 1;

  constructor(private readonly options: WireServerOptions) {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = options.connectionsMax ?? CONNECTIONS_MAX;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(where: { path: string } | { host: string; port: number }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(where, () => {
        this.#server.removeListener("error", reject);
        resolve();
      });
    });
  }

  /** The port that was given out when port 0 was asked for. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const connectionId = this.#nextConnectionId++;
    const splitter = new MessageSplitter();
    let work = Promise.resolve();
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // A peer that vanishes is everyday; "close" follows and does the cleaning up.
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      try {
        for (const message of splitter.push(chunk)) {
          const request = parseRequest(message);
          socket.pause();
          work = work.then(() => this.#respond(socket, request, connectionId));
        }
      } catch (error) {
        this.options.onViolation?.(error);
        socket.destroy();
        return;
      }
      void work.then(() => socket.resume());
    });
  }

  async #respond(socket: Socket, request: Request, connectionId: number): Promise<void> {
    try {
      const body = await this.options.answer(request.command, connectionId);
      if (request.silent || socket.destroyed) return;
      const encode = request.legacy ? encodeLegacyReply : encodeMsg;
      const requestId = this.#nextRequestId++ & 0x7fffffff;
      if (!socket.write(encode(body, requestId, request.requestId))) {
        await new Promise<void>((resolve) => {
          socket.once("drain", resolve);
          socket.once("close", resolve);
        });
      }
    } catch (error) {
      // `answer` turns every expected failure into a reply, so this is a bug; the client sees a closed connection.
      this.options.onViolation?.(error);
      socket.destroy();
    }
  }
}
