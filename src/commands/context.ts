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
