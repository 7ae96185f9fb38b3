import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { LoginEvent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";

/** How the program itself is started: the demo's devices are processes of it like any other. */
export interface Program {
  /** Node's own executable. */
  readonly execPath: string;
  /** The file that it runs. */
  readonly path: string;
}

/** A device of the demo, as a process of the command line with --json. */
export interface DeviceProcess {
  /** Types a line, as a person at that device would. */
  type(line: string): void;
  stop(): void;
  /** Its exit code, once it has ended and all its events were told. */
  readonly ended: Promise<number>;
}

export function startDevice(
  { execPath, path }: Program,
  args: readonly string[],
  onEvent: (event: LoginEvent) => void,
): DeviceProcess {
  const child = spawn(execPath, [path, ...args, "--json"], { stdio: ["pipe", "pipe", "inherit"] });
  const events = createInterface({ input: child.stdout });
  events.on("line", (line) => onEvent(JSON.parse(line) as LoginEvent));
  const told = new Promise<void>((resolve) => events.once("close", resolve));
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new Failure("internal_error", "A device can't be started.", { cause })),
    );
    child.once("exit", (code, signal) => resolve(code ?? (signal ? 143 : 1)));
  });
  // A device that has ended needs no more lines.
  child.stdin.on("error", () => undefined);
  return {
    type: (line) => child.stdin.write(`${line}\n`),
    stop: () => child.kill("SIGTERM"),
    ended: Promise.all([exited, told]).then(([code]) => code),
  };
}
