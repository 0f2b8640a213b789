import { Binary, Long, encode, getField, isDoc } from "../bson/values";
import type { Doc } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import { docOf } from "../storage/doc";
import { noSuchTransaction } from "../transactions/sessions";
import type { Session } from "../transactions/sessions";
import { WriteConflict } from "../transactions/transaction";
import type { Transaction } from "../transactions/transaction";
import { joinDocuments } from "../wire/raw";
import { ADMIN_COMMANDS } from "./admin";
import { AGGREGATE_COMMANDS } from "./aggregate";
import { CATALOG_COMMANDS } from "./catalog";
import { Context } from "./context";
import type { Engine } from "./engine";
import { EXPLAIN_COMMANDS } from "./explain";
import { numberOf } from "./fields";
import { HANDSHAKE_COMMANDS } from "./handshake";
import { READ_COMMANDS } from "./read";
import type { Command, Reply } from "./types";
import { WRITE_COMMANDS } from "./write";

/**
 * From a command document to an answer. Every expected failure becomes an answer with `ok: 0`; commands of one session
 * run one after the other; what belongs to a transaction is run inside it, and any error there ends it.
 */
const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [...HANDSHAKE_COMMANDS, ...ADMIN_COMMANDS, ...CATALOG_COMMANDS, ...READ_COMMANDS, ...WRITE_COMMANDS, ...AGGREGATE_COMMANDS, ...EXPLAIN_COMMANDS].map((command) => [command.name.toLowerCase(), command]),
);

/** Commands that a server knows and this engine does not do. Anything else unknown is 59. */
const UNSUPPORTED = new Set(
  [
    "bulkWrite", "mapReduce", "geoSearch", "createUser", "updateUser", "dropUser", "usersInfo", "createRole", "grantRolesToUser", "rolesInfo",
    "saslStart", "saslContinue", "authenticate", "logout", "shardCollection", "enableSharding", "addShard", "listShards", "moveChunk", "split",
    "replSetInitiate", "replSetReconfig", "replSetStepDown", "setParameter", "currentOp", "killOp", "fsync", "validate", "compact", "reIndex",
    "convertToCapped", "cloneCollectionAsCapped", "createSearchIndexes", "listSearchIndexes", "dropSearchIndex", "updateSearchIndex", "profile",
    "planCacheClear", "planCacheListFilters", "setFeatureCompatibilityVersion", "top", "getLog", "explainAggregate", "dataSize", "shutdown",
    "setDefaultRWConcern", "getDefaultRWConcern", "logRotate", "killAllSessions", "killAllSessionsByPattern", "setIndexCommitQuorum", "dbHash",
  ].map((name) => name.toLowerCase()),
);

const CONFLICT_WAIT_MAX_MS = 50;

export async function answer(engine: Engine, decodeCommand: () => Doc, connectionId: number): Promise<Uint8Array> {
  let reply: Reply;
  try {
    reply = await run(engine, decodeCommand(), connectionId);
  } catch (error) {
    reply = refusal(error);
  }
  const clusterTime = engine.clusterTime();
  const tail = docOf({ $clusterTime: docOf({ clusterTime, signature: NO_SIGNATURE }), operationTime: clusterTime });
  return joinDocuments([reply instanceof Uint8Array ? reply : encode(reply), encode(tail)]);
}

async function run(engine: Engine, command: Doc, connectionId: number): Promise<Reply> {
  const [first = ""] = Object.keys(command);
  const known = COMMANDS.get(first.toLowerCase());
  if (!known) {
    if (UNSUPPORTED.has(first.toLowerCase())) throw notSupported(`the command ${first}`);
    throw new CommandError(59, `no such command: '${first}'`);
  }
  const db = getField(command, "$db");
  if (typeof db !== "string" || db === "") throw new CommandError(40414, `BSON field '${first}.$db' is missing but a required field`);
  if (known.adminOnly && db !== "admin") throw new CommandError(13, `${known.name} may only be run against the admin database.`);
  const lsid = getField(command, "lsid");
  if (lsid === undefined || known.sessionless) {
    if (getField(command, "txnNumber") !== undefined) throw new CommandError(72, "Transaction number requires a session ID to be specified");
    return known.run(new Context({ engine, command, db, session: undefined, transaction: undefined, retryable: false }), connectionId);
  }
  const session = engine.sessions.require(lsid, engine.clock().getTime());
  return session.inTurn(() => runInSession(engine, { command, db, known, session, connectionId }));
}

interface SessionCall {
  command: Doc;
  db: string;
  known: Command;
  session: Session;
  connectionId: number;
}

async function runInSession(engine: Engine, { command, db, known, session, connectionId }: SessionCall): Promise<Reply> {
  const numbered = getField(command, "txnNumber");
  const multiStatement = getField(command, "autocommit") === false;
  if (numbered === undefined) {
    if (multiStatement) throw new CommandError(72, "'autocommit' field requires a transaction number to also be specified");
    return known.run(new Context({ engine, command, db, session, transaction: undefined, retryable: false }), connectionId);
  }
  const txnNumber = numberOf(numbered);
  const continued = txnNumber === session.txnNumber;
  session.advance(txnNumber);
  if (!multiStatement) {
    const { outcome } = session;
    if (continued && session.transaction) throw new CommandError(50911, `transaction ${txnNumber} of this session is not a retryable write`);
    if (continued && outcome?.txnNumber === txnNumber) {
      if (outcome.reply) return outcome.reply;
      throw new CommandError(50911, `number ${txnNumber} of this session belongs to a transaction`);
    }
    return known.run(new Context({ engine, command, db, session, transaction: undefined, retryable: known.retryable === true }), connectionId);
  }
  if (known.name === "commitTransaction") return commit(engine, session);
  if (known.name === "abortTransaction") return abort(session);
  if (!known.inTransaction) throw endTransaction(session, new CommandError(263, `Cannot run '${known.name}' in a multi-document transaction.`));
  const transaction = openTransaction(engine, session, getField(command, "startTransaction") === true);
  try {
    const context = new Context({ engine, command, db, session, transaction, retryable: false });
    const reply = await known.run(context, connectionId);
    if (transaction.state === "aborted") throw noSuchTransaction(txnNumber);
    if (!(reply instanceof Uint8Array) && getField(reply, "writeErrors") !== undefined) transaction.abort();
    return reply;
  } catch (error) {
    endTransaction(session, error);
    if (error instanceof WriteConflict) await letOtherEnd(engine, error);
    throw error;
  }
}

/**
 * A retry at once would only meet the same conflict again. So the refusal goes out when the other transaction has ended and
 * its writes are in the next snapshot, or after a moment. Nothing is held meanwhile: the refused transaction is over.
 */
async function letOtherEnd({ store }: Engine, { holder }: WriteConflict): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const moment = new Promise<void>((resolve) => (timer = setTimeout(resolve, CONFLICT_WAIT_MAX_MS)));
  const ended = Promise.resolve(holder?.ended).then(() => store.settled());
  // A store that cannot write says so to the retry; here it only ends the wait.
  await Promise.race([ended.catch(() => undefined), moment]);
  clearTimeout(timer);
}

function openTransaction(engine: Engine, session: Session, starts: boolean): Transaction {
  const { transaction, txnNumber, outcome } = session;
  if (!starts) {
    if (outcome) throw new CommandError(256, `Transaction with number ${txnNumber} has been committed.`);
    if (transaction?.state !== "open") throw noSuchTransaction(txnNumber);
    return transaction;
  }
  if (transaction || outcome) throw new CommandError(117, `Cannot start transaction ${txnNumber}: a transaction with that number was already started`);
  session.transaction = engine.beginTransaction();
  return session.transaction;
}

function endTransaction(session: Session, error: unknown): unknown {
  session.transaction?.abort();
  return error;
}

async function commit(engine: Engine, session: Session): Promise<Reply> {
  const { transaction, txnNumber, outcome } = session;
  if (outcome?.txnNumber === txnNumber && !outcome.reply) {
    // A repeat. The first try may still be on its way to the disk, so this one waits for the same flush.
    await engine.store.settled();
    return docOf({ ok: 1 });
  }
  if (transaction?.state !== "open") throw noSuchTransaction(txnNumber);
  try {
    if (transaction.hasWrites) await transaction.commit((view) => session.record(view, undefined, engine.clock()));
    else {
      transaction.abort();
      session.outcome = { txnNumber };
    }
  } catch (error) {
    throw endTransaction(session, error);
  }
  return docOf({ ok: 1 });
}

function abort(session: Session): Reply {
  if (session.outcome && !session.outcome.reply) throw new CommandError(256, `Transaction with number ${session.txnNumber} has been committed.`);
  if (session.transaction?.state !== "open") throw noSuchTransaction(session.txnNumber);
  session.transaction.abort();
  return docOf({ ok: 1 });
}

function refusal(error: unknown): Doc {
  if (!(error instanceof CommandError)) {
    const message = error instanceof Error ? error.message : String(error);
    // A bug of the engine: the client is told, and the process that runs it sees where.
    process.emitWarning(error instanceof Error ? (error.stack ?? message) : message, { type: "EmbeddedEngineError" });
    return docOf({ ok: 0, errmsg: `internal error of the embedded engine: ${message}`, code: 1, codeName: "InternalError" });
  }
  const reply = docOf({ ok: 0, errmsg: error.message, code: error.code, codeName: error.codeName });
  if (error.labels) reply.errorLabels = error.labels;
  for (const [field, value] of Object.entries(error.extra ?? {})) {
    if (typeof value !== "object" || value === null || isDoc(value) || Array.isArray(value)) reply[field] = value as Doc[string];
  }
  return reply;
}

/** Nobody signs cluster times here: the socket's file permissions are the authentication. */
const NO_SIGNATURE = docOf({ hash: new Binary(Buffer.alloc(20)), keyId: Long.ZERO });
