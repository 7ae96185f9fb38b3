import { Failure } from "../foundation/failures.js";

/**
 * Whether this is a caller's own reason for aborting a sign-in. It is given back as it came, after the same
 * clean-up as after a Ctrl-C. The program's own signals abort with Failures, which say more once all is cleaned up.
 */
export function isCallersAbort(thrown: unknown, signal: AbortSignal): boolean {
  return signal.aborted && thrown === signal.reason && !(thrown instanceof Failure);
}

/** What ended a sign-in, as clean-up and the other device understand it. */
export function endOf(thrown: unknown, signal: AbortSignal): Failure {
  return isCallersAbort(thrown, signal)
    ? new Failure("interrupted", undefined, { cause: thrown })
    : Failure.from(thrown);
}
