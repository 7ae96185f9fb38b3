import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { ReadStream, WriteStream } from "node:tty";
import { foldCheckCode } from "../foundation/check-code.js";
import { Failure } from "../foundation/failures.js";
import { attempts } from "./describe.js";
import type { Prompt } from "./display.js";
import type { DisplayContext } from "./display-context.js";
import type { JobControl } from "./job-control.js";
import { SecretQuestions } from "./secret-line.js";
import { discardTypedAhead } from "./typed-ahead.js";
import { USUAL_COLUMNS, wrapProse } from "./wrap.js";

/** Where a person can be asked something, whatever stdin and stdout are used for. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly jobControl?: JobControl | undefined;
  /** Closes what was opened for it, never stdin or stderr. */
  close(): void;
}

/** Opens the terminal that the process belongs to. */
export interface TerminalDevice {
  openInput(): NodeJS.ReadStream;
  openOutput(): NodeJS.WriteStream;
}

/**
 * The terminal to ask at: stdin if it is one and nothing else reads it (`stdinInUse`), else the controlling
 * terminal as long as stderr shows that somebody is watching. Undefined where nobody can be asked.
 */
export function findTerminal(
  context: Pick<DisplayContext, "stdin" | "stderr" | "platform" | "jobControl">,
  stdinInUse = false,
  device: TerminalDevice = controllingTerminal(context.platform),
): Terminal | undefined {
  const { stdin, stderr, jobControl } = context;
  const asksOnStdin = stdin.isTTY && !stdinInUse;
  if (!asksOnStdin && !stderr.isTTY) return undefined;
  const opened: (NodeJS.ReadStream | NodeJS.WriteStream)[] = [];
  const keep = <T extends NodeJS.ReadStream | NodeJS.WriteStream>(stream: T): T => {
    opened.push(stream);
    return stream;
  };
  const close = () => {
    for (const stream of opened) stream.destroy();
  };
  try {
    const input = asksOnStdin ? stdin : keep(device.openInput());
    const output = stderr.isTTY ? stderr : keep(device.openOutput());
    return { input, output, jobControl, close };
  } catch {
    // A daemon or a container may have no controlling terminal: then there is nobody to ask.
    close();
    return undefined;
  }
}

function controllingTerminal(platform: NodeJS.Platform): TerminalDevice {
  const isWindows = platform === "win32";
  return {
    openInput: () => open(isWindows ? "CONIN$" : "/dev/tty", (fd) => new ReadStream(fd)),
    openOutput: () => open(isWindows ? "CONOUT$" : "/dev/tty", (fd) => new WriteStream(fd)),
  };
}

function open<T>(path: string, wrap: (fd: number) => T): T {
  const fd = openSync(path, "r+");
  try {
    return wrap(fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Asks line by line, leaving the editing of the line to the terminal itself, so Ctrl-C stays a signal.
 *
 * @param interrupt does what Ctrl-C does while secrets are asked for, when it is a key
 */
export function terminalPrompt(terminal: Terminal, interrupt: () => void): Prompt {
  const secrets = new SecretQuestions(terminal, interrupt);
  return {
    checkCode: (attemptsLeft, signal) => askCheckCode(terminal, attemptsLeft, signal),
    confirm: async (question, signal) => {
      signal.throwIfAborted();
      await discardTypedAhead(terminal.input, interrupt);
      const wrapped = wrapProse(`${question} [y/N]`, terminal.output.columns || USUAL_COLUMNS).join("\n");
      return /^y(es)?$/i.test(await ask(terminal, `${wrapped} `, signal));
    },
    text: (question, signal) => ask(terminal, `${question} `, signal),
    secret: (question, signal) => secrets.ask(question, signal),
    secretDone: () => secrets.close(),
  };
}

/** A line without two digits isn't an attempt. */
async function askCheckCode(terminal: Terminal, attemptsLeft: number, signal: AbortSignal): Promise<string> {
  const question = `Check code on the other device (${attempts(attemptsLeft)} left): `;
  for (;;) {
    const code = foldCheckCode(await ask(terminal, question, signal));
    if (code !== undefined) return code;
    terminal.output.write("Type the two digits that the other device shows.\n");
  }
}

async function ask(terminal: Terminal, question: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const { input, output, jobControl } = terminal;
  const lines = createInterface({ input, output, terminal: false });
  // The terminal itself stops the process: what was asked stands above what the shell has printed since.
  const forget = jobControl?.onContinue(() => output.write(question));
  // At the end of input, readline closes and leaves a question open for ever.
  const ended = new Promise<never>((_resolve, reject) => {
    lines.once("close", () => reject(new Failure("user_cancelled")));
  });
  try {
    return (await Promise.race([lines.question(question, { signal }), ended])).trim();
  } catch (error) {
    signal.throwIfAborted();
    // What follows starts on a line of its own; after an abort readline sees to that itself.
    output.write("\n");
    throw error;
  } finally {
    forget?.();
    lines.close();
  }
}
