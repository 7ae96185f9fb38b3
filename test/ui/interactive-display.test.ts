import { describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { InteractiveDisplay } from "../../src/ui/interactive-display.js";
import { FakeClock, settle } from "../support/fake-clock.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";
import { Screen } from "../support/screen.js";
import { EXAMPLES, PAYLOAD } from "./event-examples.js";

// What the first display would load lazily, in the middle of a test.
import "../../src/ui/interactive-view.js";

const COLUMNS = 80;
const ROWS = 24;
const never = new AbortController().signal;

/** A display on a terminal of 80x24, of which the tests see the screen. */
function interactive({ withTerminal = true } = {}) {
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
    interrupt,
  });
  const see = () => new Screen(COLUMNS, ROWS, stderr.text).lines;
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

describe("the QR code", () => {
  it("stays whole on 24 rows above a live line with its countdown", async () => {
    const { display, clock, see, ready } = interactive();
    display.emit(EXAMPLES.started);
    display.emit(EXAMPLES.qr);
    const drawn = see().slice(0, 23);
    await ready();
    await clock.advance(9_600);
    expect(see().slice(0, 23)).toEqual(drawn);
    expect(see()[23]).toMatch(/^. Scan this with a device that is signed in · 1:51$/);
    await display.close();
  });

  it("is replaced in place when it is renewed, and its countdown starts again", async () => {
    const { display, clock, see, ready } = interactive();
    display.emit(EXAMPLES.qr);
    await ready();
    await clock.advance(9_600);
    const before = see();
    display.emit({ ...EXAMPLES.qr, payload: EXAMPLES.qr.payload.replaceAll("p", "q") });
    expect(see()[0]).toBe(before[0]);
    expect(see().slice(0, 23)).not.toEqual(before.slice(0, 23));
    expect(see()[23]).toContain("2:00");
    await display.close();
  });

  it("is that of released apps where there are two, and a key brings up the other", async () => {
    const { display, see, ready, type } = interactive();
    display.emit(EXAMPLES.qr);
    const stable = see().slice(0, 23);
    await ready();
    display.emit({ ...EXAMPLES.qr, channel: "msc4108-2024", payload: "TUFUUklYAgM" });
    expect(see().slice(0, 23)).not.toEqual(stable);
    expect(see().join("\n")).toContain("press c for MSC4388");
    await type("c");
    expect(see().join("\n")).toContain("press c for MSC4108 (2024)");
    expect(see().filter((line) => stable.includes(line))).toHaveLength(23);
    await display.close();
  });

  it("gives way to its file and its payload where it doesn't fit", async () => {
    const { display, stderr, resize } = interactive();
    const payload = Buffer.from(PAYLOAD, "base64");
    expect(display.lacksRoomFor(payload)).toBe(false);
    resize(80, 23);
    expect(display.lacksRoomFor(payload)).toBe(true);
    display.emit({ ...EXAMPLES.qr, file: "/tmp/qr.png" });
    expect(stderr.lines).toContain("It is in this file: /tmp/qr.png");
    expect(stderr.lines).toContain(`matrix-qr-login scan ${PAYLOAD}`);
    expect(stderr.text).not.toContain("▀");
    await display.close();
  });

  it("is named with its own file when a key brings up the other where neither fits", async () => {
    const { display, stderr, resize, ready, type } = interactive();
    resize(80, 12);
    display.emit({ ...EXAMPLES.qr, channel: "msc4108-2024", file: "/tmp/2024.png" });
    display.emit({ ...EXAMPLES.qr, file: "/tmp/msc4388.png" });
    await ready();
    stderr.take();
    await type("c");
    expect(stderr.lines).toContain("It is in this file: /tmp/msc4388.png");
    await display.close();
  });

  it("is drawn as soon as the window has become large enough, and not again when it grows on", async () => {
    const { display, stderr, resize, see } = interactive();
    resize(80, 12);
    display.emit(EXAMPLES.qr);
    resize(80, 20);
    expect(stderr.text).not.toContain("▀");
    resize(80, 24);
    expect(see().slice(0, 23).join("\n")).toContain("▀");
    stderr.take();
    resize(90, 40);
    expect(stderr.text).toBe("");
    await display.close();
  });

  it("is drawn smaller where the window cuts it, and gives way to its payload where none fits", async () => {
    const { display, stderr, resize } = interactive();
    const heightDrawn = () => stderr.lines.filter((line) => line.includes("\u001b[48;5;")).length;
    resize(100, 50);
    display.emit(EXAMPLES.qr);
    expect(heightDrawn()).toBe(33);
    stderr.take();
    resize(80, 24);
    expect(heightDrawn()).toBe(23);
    stderr.take();
    resize(80, 20);
    expect(heightDrawn()).toBe(0);
    expect(stderr.text).toContain(PAYLOAD);
    stderr.take();
    resize(80, 19);
    expect(stderr.text).toBe("");
    await display.close();
  });

  it("is no longer drawn after it was scanned, or the display closed", async () => {
    const { display, stderr, resize } = interactive();
    resize(80, 12);
    display.emit(EXAMPLES.qr);
    display.emit(EXAMPLES.check_code_required);
    resize(80, 24);
    expect(stderr.text).not.toContain("▀");
    await display.close();
    expect(stderr.listenerCount("resize")).toBe(0);
  });
});

describe("the check code", () => {
  it("is typed in the live line, with what is left of attempts and time", async () => {
    const { display, ask, type, clock, lastLine } = interactive();
    display.emit(EXAMPLES.check_code_required);
    const { code } = await ask();
    expect(lastLine()).toBe("? Check code on the other device (3 attempts left, 1:30): __");
    await clock.advance(30_000);
    await type("4");
    expect(lastLine()).toBe("? Check code on the other device (3 attempts left, 1:00): 4_");
    await type("2");
    await type("\r");
    expect(await code).toBe("42");
    await display.close();
  });

  it("is asked for again after a wrong one, with the attempts that are left", async () => {
    const { display, ask, type, see } = interactive();
    display.emit(EXAMPLES.check_code_required);
    const first = await ask();
    await type("11\r");
    expect(await first.code).toBe("11");
    display.emit({ event: "check_code_rejected", attempts_left: 1 });
    const second = await ask(1);
    expect(
      see()
        .filter((line) => line !== "")
        .slice(-2),
    ).toEqual([
      "That is not the code that the other device shows: 1 attempt left.",
      "? Check code on the other device (1 attempt left, 1:30): __",
    ]);
    await type("42\r");
    expect(await second.code).toBe("42");
    await display.close();
  });

  it("takes digits alone, two of them, corrected with backspace", async () => {
    const { display, ask, type } = interactive();
    const { code } = await ask();
    await type("\r");
    await type("x4y\u007f");
    await type("4\r");
    await type("\u001b[A\u001b[D");
    await type("925\u007f2");
    await type("\r");
    expect(await code).toBe("42");
    await display.close();
  });

  it("is no longer asked for once the signal is aborted, and fails with its reason", async () => {
    const { display, ask, lastLine } = interactive();
    display.emit(EXAMPLES.check_code_required);
    const abort = new AbortController();
    const { code } = await ask(3, abort.signal);
    abort.abort(new Failure("rendezvous_gone"));
    await expect(code).rejects.toMatchObject({ code: "rendezvous_gone" });
    expect(lastLine()).not.toContain("?");
    await display.close();
  });

  it("can be given up with Ctrl-D", async () => {
    const { display, ask, type } = interactive();
    const { code } = await ask();
    await type("\u0004");
    await expect(code).rejects.toMatchObject({ code: "user_cancelled" });
    await display.close();
  });
});

describe("the terminal", () => {
  it.each(["while something is waited for", "while the check code is asked for"])(
    "raises the interrupt on Ctrl-C %s",
    async (when) => {
      const { display, ask, ready, type, interrupt } = interactive();
      display.emit(EXAMPLES.check_code_required);
      await ready();
      if (when.includes("asked")) await ask();
      await type("\u0003");
      expect(interrupt).toHaveBeenCalledOnce();
      await display.close();
    },
  );

  it("is given back without raw mode and without the live line", async () => {
    const { display, ready, stdin, terminal, see } = interactive();
    display.emit(EXAMPLES.secure_channel);
    await ready();
    await display.close();
    expect(stdin.isRaw).toBe(false);
    expect(stdin.listenerCount("readable")).toBe(0);
    expect(terminal.close).toHaveBeenCalledOnce();
    expect(see().filter((line) => line !== "")).toEqual([
      "✓ Secure channel to the other device is open (MSC4388).",
    ]);
  });

  it("is left alone after closing, even if ink comes late", async () => {
    const { display, stdin, stderr, clock } = interactive();
    display.emit(EXAMPLES.secure_channel);
    await display.close();
    stderr.take();
    await clock.advance(1_000);
    expect(stderr.text).toBe("");
    expect(stdin.isRaw).toBe(false);
  });

  it("edits a line by itself when a question of words is asked", async () => {
    const { display, ready, stdin, type, lastLine } = interactive();
    display.emit(EXAMPLES.secure_channel);
    await ready();
    const answer = display.prompt?.confirm("Continue?", never);
    await settle();
    expect(stdin.isRaw).toBe(false);
    expect(lastLine()).toBe("Continue? [y/N]");
    await type("y\n");
    expect(await answer).toBe(true);
    expect(stdin.isRaw).toBe(true);
    await display.close();
  });

  it("may get narrower or wider", async () => {
    const { display, stderr, clock, ready } = interactive();
    display.emit(EXAMPLES.waiting_for_consent);
    await ready();
    stderr.columns = 30;
    stderr.take();
    await clock.advance(1_000);
    const narrow = new Screen(30, ROWS, stderr.text);
    expect(narrow.cursor).toEqual({ x: 29, y: 0 });
    stderr.columns = 100;
    stderr.take();
    await clock.advance(1_000);
    expect(new Screen(100, ROWS, stderr.text).lines[0]).toMatch(/the code is ABC-DEF · 19:\d\d$/);
    await display.close();
  });

  it("has nobody to ask where no key can be read, and shows the rest all the same", async () => {
    const { display, clock, stdin, see } = interactive({ withTerminal: false });
    display.emit(EXAMPLES.waiting_for_consent);
    await vi.waitUntil(() => see()[0]?.includes("⠋"));
    await clock.advance(120);
    expect(display.prompt).toBeUndefined();
    expect(stdin.isRaw).toBe(false);
    await display.close();
  });
});

it("prints links whole and unstyled, on their own line", async () => {
  const { display, stderr } = interactive();
  const uri = `https://auth.example.org/link?state=${"x".repeat(200)}`;
  display.emit({ event: "verification", verification_uri: uri });
  expect(stderr.lines).toContain(uri);
  await display.close();
});

it("ends with its last event, and no live line below", async () => {
  const { display, ready, lastLine } = interactive();
  display.emit(EXAMPLES.secure_channel);
  await ready();
  display.emit(EXAMPLES.failure);
  expect(lastLine()).toBe("Hint: Start again if that was a mistake.");
  await display.close();
});

describe("a secret", () => {
  const SECRET = "EsTW nzTJ";

  it("is asked for above the live line, and shown nowhere", async () => {
    const { display, stdin, see, lastLine, type, ready, stderr } = interactive();
    display.emit(EXAMPLES.waiting_for_consent);
    await ready();
    const answer = display.prompt?.secret("That was wrong.\nRecovery key:", never);
    await settle();
    expect(see().join("\n")).toContain("That was wrong.");
    expect(lastLine()).toBe("? Recovery key:");
    for (const key of SECRET) await type(key);
    expect(lastLine()).toBe("? Recovery key:");
    await type("\r");
    expect((await answer)?.reveal()).toBe(SECRET);
    expect(lastLine()).not.toContain("Recovery key");
    expect(stderr.text).not.toContain("nzTJ");
    expect(stdin.isRaw).toBe(true);
    await display.close();
    expect(stdin.isRaw).toBe(false);
  });

  it("is asked for without ink where ink isn't there yet", async () => {
    const { display, stdin, stderr } = interactive();
    const answer = display.prompt?.secret("Recovery key:", never);
    await settle();
    expect(stdin.isRaw).toBe(true);
    stdin.write(`${SECRET}\r`);
    expect((await answer)?.reveal()).toBe(SECRET);
    display.prompt?.secretDone();
    expect(stdin.isRaw).toBe(false);
    expect(stderr.text).not.toContain("EsTW");
    await display.close();
  });

  it("is asked for no longer after an abort, and Ctrl-C interrupts", async () => {
    const { display, interrupt, type, ready, lastLine } = interactive();
    display.emit(EXAMPLES.waiting_for_consent);
    await ready();
    const abort = new AbortController();
    const answer = display.prompt?.secret("Recovery key:", abort.signal);
    answer?.catch(() => undefined);
    await settle();
    await type("\u0003");
    expect(interrupt).toHaveBeenCalledOnce();
    abort.abort(new Failure("interrupted"));
    await expect(answer).rejects.toMatchObject({ code: "interrupted" });
    expect(lastLine()).not.toContain("Recovery key");
    await display.close();
  });
});
