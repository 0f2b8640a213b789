import { hostname } from "node:os";
import { Long } from "../bson/values";
import type { Doc } from "../bson/values";
import { docOf } from "../storage/doc";
import { SESSION_TIMEOUT_MINUTES } from "../transactions/sessions";
import { MESSAGE_MAX_BYTES } from "../wire/framing";
import type { Context } from "./context";
import type { Command } from "./types";

/** What a driver asks before it asks for data. */
export const REPLICA_SET = "rs0";
export const SERVER_VERSION = "7.0.0";
export const DOCUMENT_MAX_BYTES = 16 * 1024 * 1024;
export const WRITE_BATCH_MAX = 100_000;

/** 21 stands for version 7.0. From 25 on, drivers would send the bulkWrite command. */
const WIRE_VERSION_MAX = 21;

/** No topologyVersion: with one, drivers would expect answers that stream. */
function hello({ engine, now }: Context, connectionId: number): Doc {
  const { address } = engine;
  return docOf({
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    secondary: false,
    setName: REPLICA_SET,
    setVersion: 1,
    hosts: [address],
    me: address,
    primary: address,
    electionId: engine.electionId,
    maxBsonObjectSize: DOCUMENT_MAX_BYTES,
    maxMessageSizeBytes: MESSAGE_MAX_BYTES,
    maxWriteBatchSize: WRITE_BATCH_MAX,
    localTime: now,
    logicalSessionTimeoutMinutes: SESSION_TIMEOUT_MINUTES,
    connectionId,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION_MAX,
    readOnly: false,
    ok: 1,
  });
}

export function buildInfo(): Doc {
  return docOf({
    version: SERVER_VERSION,
    versionArray: SERVER_VERSION.split(".").map(Number).concat(0),
    gitVersion: "goldbean-embedded",
    modules: ["goldbean-embedded"],
    bits: 64,
    debug: false,
    maxBsonObjectSize: DOCUMENT_MAX_BYTES,
    storageEngines: ["lmdb"],
    ok: 1,
  });
}

function serverStatus({ engine, now }: Context): Doc {
  const uptimeMs = now.getTime() - engine.startedAt.getTime();
  return docOf({
    host: hostname(),
    version: SERVER_VERSION,
    process: "mongod",
    pid: process.pid,
    uptime: uptimeMs / 1000,
    uptimeMillis: Long.fromNumber(uptimeMs),
    localTime: now,
    connections: docOf({ current: engine.connections() }),
    transactions: docOf({ currentOpen: engine.sessions.openTransactions().length }),
    metrics: docOf({ cursor: docOf({ open: docOf({ total: engine.cursors.size }) }) }),
    storageEngine: docOf({ name: "lmdb", persistent: true }),
    repl: docOf({ setName: REPLICA_SET, isWritablePrimary: true, me: engine.address, primary: engine.address, hosts: [engine.address] }),
    ok: 1,
  });
}

function hostInfo({ now }: Context): Doc {
  return docOf({
    system: docOf({ currentTime: now, hostname: hostname(), cpuArch: process.arch }),
    os: docOf({ type: process.platform }),
    extra: docOf({}),
    ok: 1,
  });
}

function getParameter(): Doc {
  return docOf({ featureCompatibilityVersion: docOf({ version: "7.0" }), ok: 1 });
}

function connectionStatus(): Doc {
  return docOf({ authInfo: docOf({ authenticatedUsers: [], authenticatedUserRoles: [] }), ok: 1 });
}

export const HANDSHAKE_COMMANDS: readonly Command[] = [
  { name: "hello", run: hello, sessionless: true },
  { name: "isMaster", run: hello, sessionless: true },
  { name: "ping", run: () => docOf({ ok: 1 }), sessionless: true },
  { name: "buildInfo", run: buildInfo, sessionless: true },
  { name: "serverStatus", run: serverStatus, sessionless: true },
  { name: "hostInfo", run: hostInfo, sessionless: true },
  { name: "getParameter", run: getParameter, sessionless: true },
  { name: "connectionStatus", run: connectionStatus, sessionless: true },
];
