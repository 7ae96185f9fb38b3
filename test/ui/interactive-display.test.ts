import { describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { settle } from "../support/fake-clock.js";
import { interactive, never, ROWS } from "../support/interactive.js";
import { Screen } from "../support/screen.js";
import { EXAMPLES } from "./event-examples.js";

it("tells what it waits for before the first event, and lets lines of --verbose pass above", async () => {
  const { display, see } = interactive();
  display.awaiting("Reading the QR code");
  expect(see()[0]).toBe("Reading the QR code");
  display.log("GET https://hs.example/: 200, 12 ms");
  expect(see().slice(0, 2)).toEqual(["GET https://hs.example/: 200, 12 ms", "Reading the QR code"]);
  await display.close();
});

describe("the check code", () => {
  it("stands alone and large, with what to try next below", async () => {
    const { display, see } = interactive();
    display.emit({ ...EXAMPLES.check_code, alternative: "17" });
    expect(see().slice(0, 8)).toEqual([
      "Type this code on the other device:",
      "",
      expect.stringContaining("▄"),
      expect.stringContaining("█"),
      expect.stringMatching(/[▀▄█]/),
      expect.stringMatching(/[▀▄█]/),
      "",
      "Refused? Try 17.",
    ]);
    await display.close();
  });

  it("is typed in the live line, with what is left of attempts and time", async () => {
    const { display, ask, type, clock, lastLine } = interactive();
    display.emit(EXAMPLES.check_code_required);
    const { code } = await ask();
    expect(lastLine()).toBe("? 1:30 Check code on the other device: __");
    await clock.advance(30_000);
    await type("4");
    expect(lastLine()).toBe("? 1:00 Check code on the other device: 4_");
    await type("2");
    await type("\r");
    expect(await code).toBe("42");
    await display.close();
  });

  it("is asked for in one line of a narrow window, and so is what is waited for then", async () => {
    const { display, ask, resize, lastLine } = interactive();
    resize(40, 24);
    display.emit(EXAMPLES.check_code_required);
    await ask();
    expect(lastLine()).toBe("? 1:30 Check code shown there: __");
    await display.close();
    const other = interactive();
    other.resize(40, 24);
    other.display.emit({ ...EXAMPLES.check_code, expires_in_ms: 90_000 });
    await other.ready();
    expect(other.lastLine()).toMatch(/1:30 Waiting until 42 is typed there$/);
    other.display.emit(EXAMPLES.waiting_for_consent);
    expect(other.lastLine()).toMatch(/20:00 Waiting until it is approved$/);
    await other.display.close();
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
      "? 1:30 Check code on the other device: __",
    ]);
    await type("42\r");
    expect(await second.code).toBe("42");
    await display.close();
  });

  it("takes full-width digits, and what is typed between two", async () => {
    const { display, ask, type } = interactive();
    const { code } = await ask();
    await type("４ -２\r");
    expect(await code).toBe("42");
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
    expect(see().filter((line) => line !== "")).toEqual(["✓ Connected to the other device."]);
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
    expect(new Screen(100, ROWS, stderr.text).lines[0]).toMatch(
      /^. 19:\d\d Waiting until it is approved; the code is ABC-DEF$/,
    );
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
  display.emit({ ...EXAMPLES.started, role: "existing" });
  display.emit({ event: "verification", verification_uri: uri });
  // A terminal that knows links is told that the rows are one; what can be copied is the same.
  expect(stderr.lines).toContain(`\u001b]8;;${uri}\u001b\\${uri}\u001b]8;;\u001b\\`);
  const short = "https://auth.example.org/link";
  display.emit({ event: "verification", verification_uri: short });
  expect(stderr.lines).toContain(short);
  await display.close();
});

it("ends with its last event, its command in one piece, and no live line below", async () => {
  const { display, stderr, ready, resize, lastLine } = interactive();
  display.emit(EXAMPLES.secure_channel);
  await ready();
  display.emit(EXAMPLES.failure);
  expect(lastLine()).toBe("More: matrix-qr-login help consent_declined");
  resize(40, 24);
  display.emit(EXAMPLES.failure);
  expect(stderr.text.split("More: matrix-qr-login help consent_declined")).toHaveLength(3);
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
