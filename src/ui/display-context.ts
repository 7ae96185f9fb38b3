import type { Clock } from "../foundation/clock.js";
import type { Machine } from "../foundation/machine.js";
import type { JobControl } from "./job-control.js";

/** The process as a display sees it. */
export interface DisplayContext extends Pick<Machine, "env" | "platform"> {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: Clock;
  readonly jobControl?: JobControl | undefined;
}
