import { homedir, hostname, tmpdir } from "node:os";
import type { CommandContext, ProgramContext, SignInContext } from "./commands/context.js";
import { hintOf } from "./commands/hints.js";
import { ownCommands } from "./commands/own-commands.js";
import { silenceSocks5Warning } from "./commands/runtime-warnings.js";
import { listenForTheEnd } from "./ending.js";
import { exitCodeOf } from "./exit-codes.js";
import { systemClock } from "./foundation/clock.js";
import type { FailureEvent } from "./foundation/events.js";
import { Failure } from "./foundation/failures.js";
import { describeSystemError } from "./foundation/system-errors.js";
import { isNamedAsPicture } from "./qr/read/picture-name.js";
import { createPictureReader, type PictureReader } from "./qr/read/picture-reader.js";
import type { DisplayOptions } from "./ui/create-display.js";
import type { Display } from "./ui/display.js";
import type { JobControl } from "./ui/job-control.js";
import { type WatchedOutput, watchOutput } from "./ui/output.js";

/** How a command runs as a process: its signals and its time, and the one place that makes exit codes. */

interface RunOptions extends Pick<DisplayOptions, "qr" | "stdinInUse" | "verbose" | "bell"> {
  readonly json?: boolean;
  readonly plain?: boolean;
  /** Seconds; none for a command that runs until it is stopped. */
  readonly timeout: number | undefined;
}

/** How the command line runs its commands: as a process, and in tests as they see fit. */
export interface Runner {
  /** Runs a sign-in, whose events are shown as they come. */
  signIn(options: RunOptions, command: (context: SignInContext) => Promise<void>): Promise<void>;
  /**
   * Runs any other command. One that has told of its failure itself returns it for its exit code, and one that
   * ran another program may return that program's; without either, what stopped it gives the exit code.
   */
  command(
    options: RunOptions,
    // biome-ignore lint/suspicious/noConfusingVoidType: most commands return nothing at all.
    command: (context: CommandContext) => Promise<Failure | number | void>,
  ): Promise<void>;
  /** Runs a command that has another program run, which signals are meant for once it does. */
  program(
    options: RunOptions,
    command: (context: ProgramContext) => Promise<Failure | number | undefined>,
  ): Promise<void>;
}

/** The commands that are given pictures. */
const READ_PICTURES = new Set(["scan", "inspect"]);

/**
 * What runs a command as this process.
 *
 * @param argv where it names a picture, the process that reads it starts beside all that comes before
 */
export function processRunner(argv: readonly string[] = []): Runner {
  const { env, execPath } = process;
  const pictures = createPictureReader({ clock: systemClock, env, execPath });
  const [command = "", ...words] = argv.slice(2);
  if (READ_PICTURES.has(command) && words.some(isNamedAsPicture)) pictures.expectPicture();
  return {
    signIn: (options, command) =>
      run(options, pictures, async (context, display) => {
        await command({ ...context, display: await display() });
        return 0;
      }),
    command: (options, command) => run({ ...options, plain: true }, pictures, command),
    program: (options, command) => run({ ...options, plain: true }, pictures, command),
  };
}

async function run(
  options: RunOptions,
  { readPicture }: PictureReader,
  // biome-ignore lint/suspicious/noConfusingVoidType: as above.
  command: (context: ProgramContext, display: () => Promise<Display>) => Promise<Failure | number | void>,
): Promise<void> {
  silenceSocks5Warning(process);
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
    jobControl: platform === "win32" ? undefined : JOB_CONTROL,
    readPicture,
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
  // A run whose results nobody gets is over. What people are told on stderr is no result.
  const output = watchOutput(stdout, (error) => stop.abort(lostOutput(error)));
  const errors = watchOutput(stderr);
  let failure: Failure | undefined;
  try {
    const end = (await command(context, display)) ?? (signal.aborted ? Failure.from(signal.reason) : 0);
    process.exitCode = typeof end === "number" ? end : exitCodeOf(end.code);
  } catch (thrown) {
    const end = Failure.from(thrown);
    process.exitCode = exitCodeOf(end.code);
    // Lost output is told of below, whatever else there is to tell.
    if (end.code !== "output_failed") {
      failure = end;
      await tell(end);
    }
  } finally {
    ending.noteDone();
    await (await created)?.close();
    await Promise.all([output.flushed(), errors.flushed()]);
    if (output.error !== undefined) await tellOfLostOutput(output, failure, options, context);
    ending.undo();
  }
}

/** Whatever the command came to: that nobody will read it is a failure, which can be told on stderr alone. */
async function tellOfLostOutput(
  output: WatchedOutput,
  failure: Failure | undefined,
  options: RunOptions,
  context: CommandContext,
): Promise<void> {
  const lost = lostOutput(output.error);
  process.exitCode ||= exitCodeOf(lost.code);
  // Whoever has read enough doesn't want to hear of it.
  if (output.isClosedByReader) return;
  const plain = await createDisplay({ ...options, mode: "plain", context, interrupt });
  // Elsewhere a failure was told on stderr already.
  if (failure && options.json) plain.emit(failureEvent(failure));
  plain.emit(failureEvent(lost));
  await plain.close();
}

/** Help and results alone are shown without a display. */
async function createDisplay(options: DisplayOptions): Promise<Display> {
  return (await import("./ui/create-display.js")).createDisplay(options);
}

function lostOutput(error: unknown): Failure {
  const { what, hint } = describeSystemError(error);
  const details = hint === undefined ? {} : { hint };
  return new Failure("output_failed", `Standard output can't be written: ${what}.`, details);
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

/** What a shell does with the processes in its foreground: all of them, as npx and what it runs, stop together. */
const JOB_CONTROL: JobControl = {
  stop: () => void process.kill(0, "SIGTSTP"),
  onContinue(listener) {
    process.on("SIGCONT", listener);
    return () => process.off("SIGCONT", listener);
  },
};

/** What Ctrl-C does, for a display that reads it as a key. */
function interrupt(): void {
  // On Windows, kill ends the process without asking those who listen for the signal.
  if (!process.emit("SIGINT", "SIGINT")) process.kill(process.pid, "SIGINT");
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
