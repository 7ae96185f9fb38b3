import { describe, expect, it } from "vitest";
import { findTerminal, type TerminalDevice } from "../../src/ui/terminal.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";

const SIZE = { columns: 80, rows: 24 };

/** The controlling terminal of a process that has one. */
function device() {
  const input = new FakeInput(true);
  const output = new FakeOutput(SIZE);
  const opened: TerminalDevice = { openInput: () => input.asStream(), openOutput: () => output.asStream() };
  return { input, output, opened };
}

const noDevice: TerminalDevice = {
  openInput: () => {
    throw new Error("ENXIO: no such device or address, open '/dev/tty'");
  },
  openOutput: () => {
    throw new Error("ENXIO: no such device or address, open '/dev/tty'");
  },
};

function streams(stdinIsTTY: boolean, stderrIsTTY: boolean) {
  const stdin = new FakeInput(stdinIsTTY);
  const stderr = new FakeOutput(stderrIsTTY ? SIZE : undefined);
  return { stdin: stdin.asStream(), stderr: stderr.asStream(), platform: "linux" as const };
}

describe("finding the terminal", () => {
  it("takes stdin and stderr where they are one", () => {
    const context = streams(true, true);
    const terminal = findTerminal(context, false, noDevice);
    expect(terminal?.input).toBe(context.stdin);
    expect(terminal?.output).toBe(context.stderr);
  });

  it("reads from the controlling terminal where stdin is a pipe or in use", () => {
    const tty = device();
    expect(findTerminal(streams(false, true), false, tty.opened)?.input).toBe(tty.input);
    expect(findTerminal(streams(true, true), true, tty.opened)?.input).toBe(tty.input);
  });

  it("writes to the controlling terminal where stderr goes elsewhere", () => {
    const tty = device();
    expect(findTerminal(streams(true, false), false, tty.opened)?.output).toBe(tty.output);
  });

  it("finds none in a job of which no stream is a terminal", () => {
    expect(findTerminal(streams(false, false), false, device().opened)).toBeUndefined();
  });

  it("finds none where the process has no controlling terminal", () => {
    expect(findTerminal(streams(false, true), false, noDevice)).toBeUndefined();
  });

  it("closes what it opened, and neither stdin nor stderr", () => {
    const tty = device();
    const context = streams(false, true);
    findTerminal(context, false, tty.opened)?.close();
    expect(tty.input.destroyed).toBe(true);
    expect(context.stderr.destroyed).toBe(false);
  });
});
