import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/** Sends one file, as it is, to whoever asks. */
const body = readFileSync(process.argv[2] ?? "");
const headers = ["Content-Type", "text/html; charset=utf-8", "Content-Encoding", "br", "Content-Length", String(body.length)];
const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
process.on("SIGTERM", () => process.exit(0));
