import type { FailureEvent } from "../foundation/events.js";
import type { Failure } from "../foundation/failures.js";
import type { Machine } from "../foundation/machine.js";
import type { ReadPicture } from "../qr/read/source.js";
import type { Display } from "../ui/display.js";
import type { DisplayContext } from "../ui/display-context.js";

/** The world as a command sees it. */
export interface CommandContext extends DisplayContext, Machine {
  readonly readPicture: ReadPicture;
  /** Aborted, with a Failure as its reason, by SIGHUP, SIGINT, SIGTERM, or when --timeout is over. */
  readonly signal: AbortSignal;
  /** When --timeout is over, in milliseconds on the clock; absent where the run takes as long as it takes. */
  readonly deadline?: number | undefined;
}

/** The world as a sign-in sees it: with what shows its events. */
export interface SignInContext extends CommandContext {
  readonly display: Display;
}

/** The world as a command sees it that runs another program. */
export interface ProgramContext extends CommandContext {
  /** A failure as the events tell it, for a command that tells of it by itself. */
  readonly failureEvent: (failure: Failure) => FailureEvent;
  /** From now on signals go to this listener, however many come, and no longer abort `signal`. */
  readonly takeSignals: (listener: (signal: NodeJS.Signals) => void) => void;
  /** Whether a terminal may have sent a signal, which it does to all processes in its foreground. */
  readonly hasTerminal: boolean;
}
