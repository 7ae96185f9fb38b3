import { Failure } from "./failures.js";

/**
 * Whether work ended because its caller aborted it, for a reason of the caller's own. That reason is given back as
 * it is, after the clean-up that a Ctrl-C has too. The program's own signals abort with Failures, which say more
 * once all is cleaned up. Node's functions reject with an `AbortError` of theirs instead of the reason.
 */
export function isCallersAbort(thrown: unknown, signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof Failure) && !(thrown instanceof Failure);
}

/** What ended some work, as clean-up and the other device understand it. */
export function endOf(thrown: unknown, signal: AbortSignal): Failure {
  if (thrown instanceof Failure || !signal.aborted) return Failure.from(thrown);
  return signal.reason instanceof Failure
    ? signal.reason
    : new Failure("interrupted", undefined, { cause: thrown });
}
