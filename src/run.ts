import { homedir, hostname, tmpdir } from "node:os";
import type { CommandContext, ProgramContext, SignInContext } from "./commands/context.js";
import { hintOf } from "./commands/hints.js";
import { ownCommands } from "./commands/own-commands.js";
import { exitCodeOf } from "./exit-codes.js";
import { systemClock } from "./foundation/clock.js";
import type { FailureEvent } from "./foundation/events.js";
import { FAILURES } from "./foundation/failure-table.js";
import { Failure } from "./foundation/failures.js";
import type { ReadPicture } from "./qr/read/source.js";
import { createDisplay, type DisplayOptions } from "./ui/create-display.js";
import type { Display } from "./ui/display.js";

/** How a command runs as a process: its signals and its time, and the one place that makes exit codes. */

const SIGNALS = ["hangup", "interrupted", "terminated"] as const;
/** What else another program may be sent; without it they end this process, or are ignored. */
const HANDED_ON = ["SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** How long a command may clean up after a signal. */
const CLEANUP_MS = 5000;

interface RunOptions extends Pick<DisplayOptions, "qr" | "stdinInUse" | "verbose" | "bell"> {
  readonly json?: boolean;
  readonly plain?: boolean;
  /** Seconds; none for a command that runs until it is stopped. */
  readonly timeout: number | undefined;
}

/** How the command line runs its commands: as a process, and in tests as they see fit. */
export interface Runner {
  readonly signIn: typeof runSignIn;
  readonly command: typeof runCommand;
  readonly program: typeof runProgram;
}

export const processRunner: Runner = { signIn: runSignIn, command: runCommand, program: runProgram };

/** Runs a sign-in, whose events are shown as they come. */
function runSignIn(options: RunOptions, command: (context: SignInContext) => Promise<void>): Promise<void> {
  return run(options, async (context, display) => {
    await command({ ...context, display: await display() });
    return 0;
  });
}

/**
 * Runs any other command. One that has told of its failure itself returns it for its exit code, and one that
 * ran another program may return that program's; without either, what stopped it gives the exit code.
 */
function runCommand(
  options: RunOptions,
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands return nothing at all.
  command: (context: CommandContext) => Promise<Failure | number | void>,
): Promise<void> {
  return run({ ...options, plain: true }, command);
}

/** Runs a command that has another program run, which signals are meant for once it does. */
function runProgram(
  options: RunOptions,
  command: (context: ProgramContext) => Promise<Failure | number | undefined>,
): Promise<void> {
  return run({ ...options, plain: true }, command);
}

async function run(
  options: RunOptions,
  // biome-ignore lint/suspicious/noConfusingVoidType: as above.
  command: (context: ProgramContext, display: () => Promise<Display>) => Promise<Failure | number | void>,
): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  const { stdin, stdout, stderr, env, platform } = process;
  const ending = listenForTheEnd(stop, options.timeout, (failure) => tell(failure));
  const context: ProgramContext = {
    ...{ stdin, stdout, stderr, env, platform },
    homeDirectory: homedir,
    warn: (warning) => void display().then((shown) => shown.emit({ event: "warning", ...warning })),
    hostName: hostname,
    clock: systemClock,
    readPicture: pictureReader(),
    signal,
    failureEvent,
    takeSignals: ending.takeSignals,
    hasTerminal: [stdin, stdout, stderr].some(({ isTTY }) => isTTY),
    deadline: options.timeout === undefined ? undefined : systemClock.now() + options.timeout * 1000,
  };
  let created: Promise<Display> | undefined;
  const display = () => {
    const commands = ownCommands(process.argv[1], context);
    created ??= createDisplay({
      ...options,
      mode: displayMode(options),
      context,
      commands,
      desk: DESK,
      interrupt,
    });
    return created;
  };
  const tell = async (failure: Failure) => (await display()).emit(failureEvent(failure));
  // Nobody reads on, as with `| head`: that ends the output, and not the sign-in.
  for (const output of [stdout, stderr]) output.on("error", () => undefined);
  try {
    const end = (await command(context, display)) ?? (signal.aborted ? Failure.from(signal.reason) : 0);
    process.exitCode = typeof end === "number" ? end : exitCodeOf(end.code);
  } catch (thrown) {
    const failure = Failure.from(thrown);
    await tell(failure);
    process.exitCode = exitCodeOf(failure.code);
  } finally {
    await (await created)?.close();
    ending.undo();
  }
}

/** Reads pictures with what is loaded for the first of them: most runs have none. */
function pictureReader(): ReadPicture {
  let loading: Promise<ReadPicture> | undefined;
  const load = async () => {
    const { createPictureReader } = await import("./qr/read/picture-reader.js");
    const { env, execPath } = process;
    return createPictureReader({ clock: systemClock, env, execPath });
  };
  return async (picture, signal) => {
    loading ??= load();
    return (await loading)(picture, signal);
  };
}

function displayMode({ json, plain }: RunOptions): DisplayOptions["mode"] {
  if (json) return "json";
  return plain ? "plain" : "auto";
}

/** Where the code is opened as a picture. A second signal ends the process without any clean-up but this. */
const DESK = {
  parent: tmpdir(),
  atExit: (clearAway: () => void) => void process.once("exit", clearAway),
};

/** What Ctrl-C does, for a display that reads it as a key. */
function interrupt(): void {
  // On Windows, kill ends the process without asking those who listen for the signal.
  if (!process.emit("SIGINT", "SIGINT")) process.kill(process.pid, "SIGINT");
}

/**
 * Signals and the timeout abort the run, and so does an exception that nobody has caught: what is under way cleans up. A
 * second one ends the process at once. Once they are taken, signals are all handed to whoever takes them.
 *
 * @param tell tells of a failure where the run doesn't end by it
 */
function listenForTheEnd(
  stop: AbortController,
  timeout: number | undefined,
  tell: (failure: Failure) => Promise<void>,
) {
  let isSignalled = false;
  let taken: ((signal: NodeJS.Signals) => void) | undefined;
  const listeners = SIGNALS.map((code) => {
    const { signal } = FAILURES[code];
    const listener = () => {
      if (taken) return taken(signal);
      const failure = new Failure(code);
      if (isSignalled) process.exit(exitCodeOf(code));
      isSignalled = true;
      stop.abort(failure);
      setTimeout(() => process.exit(exitCodeOf(code)), CLEANUP_MS).unref();
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  let isBroken = false;
  const onException = (thrown: unknown) => {
    const failure = Failure.from(thrown);
    const end = () => process.exit(exitCodeOf(failure.code));
    if (isBroken) return end();
    isBroken = true;
    stop.abort(failure);
    // What waits for what will never come is not waited for.
    setTimeout(() => void tell(failure).finally(end), CLEANUP_MS).unref();
  };
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, onException);
    listeners.push(() => process.off(event, onException));
  }
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => stop.abort(new Failure("timed_out")), timeout * 1000);
  timer?.unref();
  return {
    takeSignals(listener: (signal: NodeJS.Signals) => void): void {
      taken = listener;
      for (const signal of HANDED_ON) {
        process.on(signal, listener);
        listeners.push(() => process.off(signal, listener));
      }
    },
    undo(): void {
      clearTimeout(timer);
      for (const off of listeners) off();
    },
  };
}

function failureEvent(failure: Failure): FailureEvent {
  const { code, message, details } = failure;
  const hint = hintOf(failure);
  const { reason, homeserver, cleanup = "none", deviceId, session } = details;
  return {
    event: "failure",
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(reason === undefined ? {} : { reason }),
    ...(homeserver === undefined ? {} : { homeserver }),
    exit_code: exitCodeOf(code),
    cleanup,
    ...(deviceId === undefined ? {} : { device_id: deviceId }),
    ...(session === undefined ? {} : { session }),
  };
}
