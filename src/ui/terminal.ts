import { closeSync, openSync } from "node:fs";
import { ReadStream, WriteStream } from "node:tty";
import type { DisplayContext } from "./display-context.js";
import type { JobControl } from "./job-control.js";

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
