/** What this package throws. */
export class ChooError extends Error {
  /**
   * A stable name in kebab-case: that of a line's error (`syntax`, `too-deep`, …), `bad-filter`, `not-loaded` or
   * `load`.
   */
  readonly kind: string;
  /** Where in the line it happened, in bytes from its begin. */
  readonly offset?: number;

  constructor(kind: string, message: string, options: { readonly offset?: number; readonly cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "ChooError";
    this.kind = kind;
    if (options.offset !== undefined) this.offset = options.offset;
  }
}

/** Why a command was not given, or what became of it is not known. */
export class CommandError extends ChooError {
  /**
   * Why the hub does not take it, in the hub's word (`not_found`, `key_reused`, `busy`, `scope`, `token`, …); or
   * `unreachable`: it did not answer; or, of one that was given, `missing`, `ended`, `denied` and `aborted`: nobody can
   * say what became of it.
   */
  declare readonly kind: string;
  /** The HTTP status of a refusal. */
  readonly status?: number;
  /** With this key the same command can be asked for again without being done twice. */
  readonly idempotencyKey: string;

  constructor(
    kind: string,
    message: string,
    options: { readonly idempotencyKey: string; readonly status?: number; readonly cause?: unknown },
  ) {
    super(kind, message, "cause" in options ? { cause: options.cause } : {});
    this.name = "CommandError";
    this.idempotencyKey = options.idempotencyKey;
    if (options.status !== undefined) this.status = options.status;
  }
}

/** Runs a call into the module, so that its errors become ours. Anything unexpected stays what it is. */
export function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && "kind" in error && typeof error.kind === "string") {
      const offset = "offset" in error && typeof error.offset === "number" ? { offset: error.offset } : {};
      throw new ChooError(error.kind, error.message, offset);
    }
    throw error;
  }
}
