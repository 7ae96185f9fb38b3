import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { PROGRAM } from "./cli-process.js";
import { EventProcess } from "./event-process.js";
import type { Machine } from "./machine.js";

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken away
const ESCAPE_SEQUENCES = /\u001b\[[\d;]*[A-Za-z]|\u001b\]8;[^\u001b]*\u001b\\/g;

/** The built program, as it is installed, in a pseudo-terminal of some size, with a person at it. */
export class TerminalRun {
  readonly #running: EventProcess<{ event: "none" }>;

  constructor(machine: Machine, columns: number, rows: number, args: readonly string[]) {
    const bin = machine.path("bin");
    mkdirSync(bin, { recursive: true });
    const installed = join(bin, "matrix-qr-login");
    if (!existsSync(installed)) symlinkSync(PROGRAM, installed);
    const command = ["matrix-qr-login", ...args].map((arg) => `'${arg}'`).join(" ");
    const env = {
      PATH: [bin, dirname(process.execPath), process.env["PATH"]].join(delimiter),
      HOME: machine.path("."),
      XDG_STATE_HOME: machine.path("state"),
      TERM: "xterm-256color",
      SHELL: "/bin/sh",
    };
    this.#running = new EventProcess(
      "script",
      ["-qfec", `stty cols ${columns} rows ${rows}; exec ${command}`, "/dev/null"],
      () => ({ event: "none" }),
      { env, cwd: machine.path("."), stdin: "pipe" },
    );
  }

  /** All that it has written to the terminal. */
  get output(): string {
    return this.#running.stdout;
  }

  /** The same as text. */
  get text(): string {
    return this.output.replaceAll(ESCAPE_SEQUENCES, "");
  }

  /** Waits until it has written something, and gives what it has written by then. */
  async until(pattern: RegExp): Promise<string> {
    await this.#running.until(() => pattern.test(this.text), String(pattern));
    return this.output;
  }

  type(line: string): void {
    this.#running.type(line);
  }

  /** Resolves with all that it has written, once it has ended by itself. */
  async ended(): Promise<string> {
    await this.#running.ended;
    return this.output;
  }

  async interrupt(): Promise<void> {
    this.type("\u0003");
    await this.#running.ended;
  }

  destroy(): Promise<void> {
    return this.#running.destroy();
  }
}
