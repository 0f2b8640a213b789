/**
 * The engine's refusals: every error a client sees is a CommandError with MongoDB's own code and code name.
 * Anything else that is thrown inside the engine is a bug and is reported as InternalError by the wire server.
 */

/** Codes from MongoDB's public error table; a code without a name is reported as `Location<code>`, as MongoDB does. */
const CODE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "InternalError"],
  [2, "BadValue"],
  [8, "UnknownError"],
  [9, "FailedToParse"],
  [13, "Unauthorized"],
  [14, "TypeMismatch"],
  [16, "InvalidLength"],
  [20, "IllegalOperation"],
  [26, "NamespaceNotFound"],
  [27, "IndexNotFound"],
  [28, "PathNotViable"],
  [34, "CannotBackfillArray"],
  [40, "ConflictingUpdateOperators"],
  [43, "CursorNotFound"],
  [48, "NamespaceExists"],
  [50, "MaxTimeMSExpired"],
  [52, "DollarPrefixedFieldName"],
  [53, "InvalidIdField"],
  [54, "NotSingleValueField"],
  [56, "EmptyFieldName"],
  [57, "DottedFieldName"],
  [59, "CommandNotFound"],
  [64, "WriteConcernFailed"],
  [66, "ImmutableField"],
  [67, "CannotCreateIndex"],
  [68, "IndexAlreadyExists"],
  [72, "InvalidOptions"],
  [73, "InvalidNamespace"],
  [85, "IndexOptionsConflict"],
  [86, "IndexKeySpecsConflict"],
  [96, "OperationFailed"],
  [112, "WriteConflict"],
  [115, "CommandNotSupported"],
  [117, "ConflictingOperationInProgress"],
  [121, "DocumentValidationFailure"],
  [125, "CommandFailed"],
  [146, "ExceededMemoryLimit"],
  [166, "CommandNotSupportedOnView"],
  [168, "InvalidPipelineOperator"],
  [171, "CannotIndexParallelArrays"],
  [197, "InvalidIndexSpecificationOption"],
  [206, "NoSuchSession"],
  [217, "IncompleteTransactionHistory"],
  [224, "QueryFeatureNotAllowed"],
  [225, "TransactionTooOld"],
  [238, "NotImplemented"],
  [241, "ConversionFailure"],
  [244, "TransactionAborted"],
  [246, "SnapshotUnavailable"],
  [251, "NoSuchTransaction"],
  [256, "TransactionCommitted"],
  [257, "TransactionTooLarge"],
  [263, "OperationNotSupportedInTransaction"],
  [292, "QueryExceededMemoryLimitNoDiskUseAllowed"],
  [293, "InvalidBSONType"],
  [10334, "BSONObjectTooLarge"],
  [11000, "DuplicateKey"],
  [40414, "IDLFailedToParse"],
  [40415, "IDLUnknownField"],
]);

export function codeNameOf(code: number): string {
  return CODE_NAMES.get(code) ?? `Location${code}`;
}

export interface CommandErrorOptions {
  labels?: string[];
  /** Further reply fields, such as keyPattern and keyValue of 11000 or errInfo of 121. */
  extra?: Record<string, unknown>;
  cause?: unknown;
}

export class CommandError extends Error {
  readonly codeName: string;
  readonly labels: string[] | undefined;
  readonly extra: Record<string, unknown> | undefined;

  constructor(
    readonly code: number,
    message: string,
    options: CommandErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CommandError";
    this.codeName = codeNameOf(code);
    this.labels = options.labels;
    this.extra = options.extra;
  }
}

/** What the engine knows of but does not do: refused with the way out, never answered approximately. */
export function notSupported(what: string): CommandError {
  return new CommandError(238, `${what} is not supported by the embedded engine; set MONGODB_URI to use a MongoDB server`);
}
