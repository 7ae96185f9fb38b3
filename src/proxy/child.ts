import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../foundation/clock.js";
import { errorCode } from "../foundation/error-code.js";
import type { Environment } from "../foundation/machine.js";

/** The program that runs on a session: started, sent signals, waited for. */

/** How long it may take to end after SIGTERM, in milliseconds. */
const GRACE_MS = 10_000;
/** The exit codes of shells for a command that isn't there, and for one that can't be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** A program that was started, or could not be. */
export interface Child {
  /** Its exit code, or the signal that ended it; 127 where it isn't there, 126 where it can't be run. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Why it could not be started, as a sentence, once it has `ended`. */
  readonly problem: string | undefined;
  send(signal: NodeJS.Signals): void;
  /** Ends it: by SIGTERM, and after 10 s by SIGKILL. Resolves when it has ended. */
  end(clock: Clock): Promise<void>;
}

/** Starts a program, without a shell, whose input and output are this process's own. */
export function startChild([command = "", ...args]: readonly string[], env: Environment): Child {
  let problem: string | undefined;
  let child: ChildProcess | undefined;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    const fail = (error: unknown) => {
      const isMissing = errorCode(error) === "ENOENT";
      problem = isMissing ? "There is no such command." : "The command can't be run.";
      resolve(isMissing ? NOT_FOUND : NOT_RUNNABLE);
    };
    try {
      child = spawn(command, args, { stdio: "inherit", env: { ...env } });
      child.once("error", fail);
      child.once("exit", (code, signal) => resolve(signal ?? code ?? 1));
    } catch (error) {
      // Some errors are thrown, as that of a name with a null character.
      fail(error);
    }
  });
  return {
    ended,
    get problem() {
      return problem;
    },
    send: (signal) => void child?.kill(signal),
    async end(clock) {
      child?.kill("SIGTERM");
      const isOver = new AbortController();
      const killed = clock.sleep(GRACE_MS, isOver.signal).then(
        () => child?.kill("SIGKILL"),
        () => undefined,
      );
      await ended;
      isOver.abort();
      await killed;
    },
  };
}
