import { describeBug } from "./describe-bug.js";
import { escapeText } from "./escape-text.js";
import type { Definition, FailureKind } from "./failure-kinds.js";
import { FAILURES } from "./failure-table.js";
import { describeSystemError, isSystemError, type SystemError } from "./system-errors.js";

/** The stable name of a failure: `failure.code` in the event stream. */
export type FailureCode = keyof typeof FAILURES;

/**
 * What became of the tokens of a sign-in that failed: there were none, they were revoked, a revocation is
 * still to be made (`session logout`), or nobody can revoke them.
 */
export type Cleanup = "none" | "revoked" | "pending" | "impossible";

export interface FailureDetails {
  readonly hint?: string;
  /** The `reason` of an `m.login.failure` that was sent or received (MSC4108 §Message reference). */
  readonly reason?: string;
  /** The server name that an `m.login.failure` brought. */
  readonly homeserver?: string;
  readonly cleanup?: Cleanup;
  readonly deviceId?: string;
  /** Path of the session file that stays behind. */
  readonly session?: string;
  readonly cause?: unknown;
}

/** The one family of errors. Its message is for a person and never holds a secret or a token. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly details: FailureDetails;

  constructor(code: FailureCode, message?: string, details: FailureDetails = {}) {
    super(message ?? FAILURES[code].message, { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get kind(): FailureKind {
    return FAILURES[this.code].kind;
  }

  /** What to do next: as the place of the failure knows it, else what the table says. */
  get hint(): string | undefined {
    const definition: Definition = FAILURES[this.code];
    return this.details.hint ?? definition.hint;
  }

  /** A copy of this failure, with more said about it. */
  with(details: FailureDetails): Failure {
    return new Failure(this.code, this.message, { cause: this, ...this.details, ...details });
  }

  /** Anything thrown, as a failure: what is none already, and not the system's own refusal, is a bug here. */
  static from(thrown: unknown): Failure {
    if (thrown instanceof Failure) return thrown;
    if (isSystemError(thrown)) return refusedBySystem(thrown);
    return new Failure("internal_error", `Internal error: ${describeBug(thrown)}.`, { cause: thrown });
  }
}

/** Wherever it comes from, the system's word is about this machine and no bug here. */
function refusedBySystem(cause: SystemError): Failure {
  const { what, hint } = describeSystemError(cause);
  const call = escapeText(cause.path === undefined ? cause.syscall : `${cause.syscall} ${cause.path}`, 1000);
  const message = cause.syscall === "uv_cwd" ? "The current folder is gone" : `The system refuses "${call}"`;
  const details = hint === undefined ? { cause } : { cause, hint };
  return new Failure("system_error", `${message}: ${what}.`, details);
}
