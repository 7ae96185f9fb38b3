import { vi } from "vitest";
import { InteractiveDisplay, type InteractiveOptions } from "../../src/ui/interactive-display.js";
import { FakeClock, settle } from "./fake-clock.js";
import { FakeInput, FakeOutput } from "./fake-terminal.js";
import { Screen } from "./screen.js";

// What the first display would load lazily, in the middle of a test.
import "../../src/ui/interactive-view.js";

const COLUMNS = 80;
export const ROWS = 24;
export const never = new AbortController().signal;

/** A display on a terminal of 80x24, of which the tests see the screen. */
export function interactive({
  withTerminal = true,
  ...options
}: { withTerminal?: boolean } & Pick<Partial<InteractiveOptions>, "bell" | "picture"> = {}) {
  const stdin = new FakeInput(true);
  const stderr = new FakeOutput({ columns: COLUMNS, rows: ROWS });
  const clock = new FakeClock();
  const interrupt = vi.fn();
  const streams = { stdin: stdin.asStream(), stderr: stderr.asStream() };
  const terminal = { input: streams.stdin, output: streams.stderr, close: vi.fn() };
  const display = new InteractiveDisplay({
    context: { env: {}, ...streams, clock },
    terminal: withTerminal ? terminal : undefined,
    qr: { size: "auto", ecLevel: "auto" },
    ...options,
    interrupt,
  });
  const see = () =>
    new Screen(Math.max(COLUMNS, stderr.columns), Math.max(ROWS, stderr.rows), stderr.text).lines;
  /** Of text that is beside a code, all in one line. */
  const seen = () =>
    see()
      .map((line) => line.slice(45).trim())
      .join(" ");
  const resize = (columns: number, rows: number) => {
    Object.assign(stderr, { columns, rows });
    stderr.emit("resize");
  };
  return {
    display,
    stdin,
    stderr,
    clock,
    interrupt,
    terminal,
    see,
    seen,
    resize,
    lastLine: () => see().findLast((line) => line !== ""),
    async type(keys: string) {
      stdin.write(keys);
      await settle();
    },
    /** Keys are read as soon as ink is there. */
    ready: () => vi.waitUntil(() => stdin.isRaw),
    async ask(attemptsLeft = 3, signal = never) {
      const code = display.prompt?.checkCode(attemptsLeft, signal);
      code?.catch(() => undefined);
      await settle();
      return { code };
    },
  };
}
