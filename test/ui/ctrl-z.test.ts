import { describe, expect, it, vi } from "vitest";
import { InteractiveDisplay } from "../../src/ui/interactive-display.js";
import { FakeClock, settle } from "../support/fake-clock.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";
import { Screen } from "../support/screen.js";
import { EXAMPLES } from "./event-examples.js";

// What the first display would load lazily, in the middle of a test.
import "../../src/ui/interactive-view.js";

const COLUMNS = 80;
const ROWS = 40;

/** A display that can be stopped, and told that it goes on. */
function stoppable() {
  const stdin = new FakeInput(true);
  const stderr = new FakeOutput({ columns: COLUMNS, rows: ROWS });
  const listeners = new Set<() => void>();
  const stop = vi.fn(() => expect(stdin.isRaw).toBe(false));
  const onContinue = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const streams = { stdin: stdin.asStream(), stderr: stderr.asStream() };
  const terminal = {
    ...{ input: streams.stdin, output: streams.stderr },
    ...{ jobControl: { stop, onContinue }, close: () => {} },
  };
  const clock = new FakeClock();
  const display = new InteractiveDisplay({
    context: { env: {}, ...streams, clock },
    ...{ terminal, qr: { size: "auto", ecLevel: "auto" }, interrupt: () => {} },
  });
  return {
    ...{ display, stdin, stderr, clock, stop, listeners },
    see: () => new Screen(COLUMNS, ROWS, stderr.text).lines,
    async type(keys: string) {
      stdin.write(keys);
      await settle();
    },
    goOn() {
      for (const listener of listeners) listener();
    },
  };
}

describe("Ctrl-Z", () => {
  it("stops with the terminal restored, and the code is drawn anew below what the shell says", async () => {
    const { display, stdin, stderr, stop, listeners, see, type, goOn } = stoppable();
    display.emit(EXAMPLES.qr);
    await vi.waitUntil(() => stdin.isRaw);
    await type("\u001a");
    expect(stop).toHaveBeenCalledOnce();
    expect(stdin.isRaw).toBe(true);
    stderr.text = "[1]+  Stopped\r\nmatrix-qr-login generate\r\n";
    goOn();
    expect(see().slice(0, 2)).toEqual(["[1]+  Stopped", "matrix-qr-login generate"]);
    expect(see().filter((line) => line.includes("▀")).length).toBeGreaterThan(15);
    expect(see().findLast((line) => line !== "")).toMatch(/Scan this with a device/);
    await display.close();
    expect(listeners.size).toBe(0);
  });

  it("leaves no code behind that nobody answers, and none that was renewed meanwhile", async () => {
    const { display, stdin, see, type, goOn } = stoppable();
    const drawn = () => see().filter((line) => line.includes("▀")).length;
    display.emit(EXAMPLES.started);
    display.emit(EXAMPLES.qr);
    await vi.waitUntil(() => stdin.isRaw);
    const height = drawn();
    await type("\u001a");
    expect(see().filter((line) => line !== "")).toEqual(["Signing this device in by QR code."]);
    display.emit({ ...EXAMPLES.qr, payload: EXAMPLES.qr.payload.replaceAll("p", "q") });
    display.log("GET https://hs.example/: 200, 12 ms");
    expect(drawn()).toBe(0);
    goOn();
    expect(see()).toContain("GET https://hs.example/: 200, 12 ms");
    expect(drawn()).toBe(height);
    await display.close();
  });

  it("brings the code back where it can't stop the program", async () => {
    const { display, stdin, clock, see, type } = stoppable();
    display.emit(EXAMPLES.qr);
    await vi.waitUntil(() => stdin.isRaw);
    const code = () => see().filter((line) => line.includes("▀"));
    const before = code();
    await type("\u001a");
    expect(code()).toEqual([]);
    await clock.advance(120);
    expect(code()).toEqual(before);
    await display.close();
  });

  it("keeps what was typed of a check code", async () => {
    const { display, see, type, goOn } = stoppable();
    display.emit(EXAMPLES.check_code_required);
    const code = display.prompt?.checkCode(3, new AbortController().signal);
    await settle();
    await type("4");
    await type("\u001a");
    goOn();
    expect(see().findLast((line) => line !== "")).toMatch(/4_$/);
    await type("2\r");
    expect(await code).toBe("42");
    await display.close();
  });
});
