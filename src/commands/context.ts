import type { Clock } from "../foundation/clock.js";
import type { ReadPicture } from "../qr/read/source.js";
import type { Display } from "../ui/display.js";

/** The world as a command sees it. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: Clock;
  readonly readPicture: ReadPicture;
  /** Aborted, with a Failure as its reason, by SIGHUP, SIGINT, SIGTERM, or when --timeout is over. */
  readonly signal: AbortSignal;
}

/** The same with what shows the events of a sign-in. */
export interface SignInContext extends CommandContext {
  readonly display: Display;
}
