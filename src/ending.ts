import { exitCodeOf } from "./exit-codes.js";
import { FAILURES } from "./foundation/failure-table.js";
import { Failure, type FailureCode } from "./foundation/failures.js";

/** What ends a process before its command has: signals and time. Nothing outlasts either. */

const SIGNALS = ["hangup", "interrupted", "terminated"] as const;
/** What else another program may be sent; without it they end this process, or are ignored. */
const HANDED_ON = ["SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** How long a command may clean up after a signal. */
const CLEANUP_MS = 5000;
/** How long it may after --timeout: tokens are revoked for up to 10 s, and a session is deleted. */
const LATE_CLEANUP_MS = 20_000;
/** How long the system may take for a call before it counts as stuck. */
const ANSWERED_WITHIN_MS = 250;

export interface Ending {
  /** From now on signals are all handed to this listener. */
  takeSignals(listener: (signal: NodeJS.Signals) => void): void;
  /** The command is through, and only its output has yet to be taken. */
  noteDone(): void;
  undo(): void;
}

/**
 * Signals and the timeout abort the run, and so does an exception that nobody has caught; each cuts it off where it doesn't
 * end by itself. A second signal or exception ends the process at once.
 *
 * @param timeout in seconds; undefined for a run that takes as long as it takes
 * @param tell says why, before a run is cut off for its time or an exception
 */
export function listenForTheEnd(
  stop: AbortController,
  timeout: number | undefined,
  tell: (failure: Failure) => Promise<void>,
): Ending {
  let isSignalled = false;
  let isDone = false;
  let taken: ((signal: NodeJS.Signals) => void) | undefined;
  const listeners = SIGNALS.map((code) => {
    const { signal } = FAILURES[code];
    const listener = () => {
      if (taken) return taken(signal);
      if (isSignalled) endAtOnce(code);
      isSignalled = true;
      stop.abort(new Failure(code));
      setTimeout(() => endAtOnce(code), CLEANUP_MS).unref();
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  let isBroken = false;
  const onException = (thrown: unknown) => {
    const failure = Failure.from(thrown);
    if (isBroken) return endAtOnce(failure.code);
    isBroken = true;
    stop.abort(failure);
    // What waits for what will never come is not waited for.
    setTimeout(() => void tell(failure).finally(() => endAtOnce(failure.code)), CLEANUP_MS).unref();
  };
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, onException);
    listeners.push(() => process.off(event, onException));
  }
  const onTimeout = () => {
    const failure = new Failure("timed_out");
    stop.abort(failure);
    if (isDone) endAtOnce("timed_out");
    const cutOff = () => void tell(failure).finally(() => endAtOnce("timed_out"));
    setTimeout(cutOff, LATE_CLEANUP_MS).unref();
  };
  const timer = timeout === undefined ? undefined : setTimeout(onTimeout, timeout * 1000).unref();
  return {
    takeSignals(listener) {
      taken = listener;
      for (const signal of HANDED_ON) {
        process.on(signal, listener);
        listeners.push(() => process.off(signal, listener));
      }
    },
    noteDone() {
      isDone = true;
      if (!stop.signal.aborted) return;
      const { code } = Failure.from(stop.signal.reason);
      setTimeout(() => endAtOnce(code), CLEANUP_MS).unref();
    },
    undo() {
      clearTimeout(timer);
      for (const off of listeners) off();
    },
  };
}

/**
 * `process.exit` waits for calls that the system never answers, as those to a network drive that is away. Those that it
 * answers, as where something is being cleaned up, are over in a moment.
 */
function endAtOnce(code: FailureCode): void {
  if (!isAtFiles()) process.exit(exitCodeOf(code));
  setTimeout(() => {
    if (!isAtFiles()) process.exit(exitCodeOf(code));
    const definition = FAILURES[code];
    const signal = definition.kind === "signal" ? definition.signal : "SIGKILL";
    // Node doesn't let anybody listen to SIGKILL, and shells make the exit code of the others.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }, ANSWERED_WITHIN_MS).unref();
}

function isAtFiles(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith("FSReq"));
}
