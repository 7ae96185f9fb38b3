import { describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { SecretLine, SecretQuestions } from "../../src/ui/secret-line.js";
import { expectFailure } from "../support/failures.js";
import { settle } from "../support/fake-clock.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";

const TYPED = "EsTW nzTJ 1TnJ";

const WHOLE = "EsTW nzTJ 1TnJ 9PSn NcZW FL8B 2gZG kZ6q kLbJ vVzL tNbd 4mGe";

/** Asks at a terminal, which notes whether it echoed whenever a key came. */
function ask(signal = new AbortController().signal) {
  const input = new FakeInput(true);
  const output = new FakeOutput({ columns: 80, rows: 24 });
  const terminal = { input: input.asStream(), output: output.asStream(), close() {} };
  const interrupt = vi.fn();
  const questions = new SecretQuestions(terminal, interrupt);
  const answer = questions.ask("Recovery key:", signal);
  answer.catch(() => undefined);
  const listeners = () => input.listenerCount("data") + input.listenerCount("close");
  return { input, output, questions, interrupt, answer, listeners };
}

describe("a secret that is asked for", () => {
  it("is what was typed, to the last space, and shown nowhere", async () => {
    const { input, output, answer } = ask();
    for (const key of `${TYPED} `) input.write(key);
    input.write("\r");
    expect((await answer).reveal()).toBe(`${TYPED} `);
    expect(output.text).toBe("Recovery key: \n");
  });

  it("is asked for with the echo off before the question is there", async () => {
    const { input, output } = ask();
    expect(input.isRaw).toBe(true);
    expect(output.text).toBe("Recovery key: ");
  });

  it.each<[string, (asked: ReturnType<typeof ask>, abort: AbortController) => void]>([
    ["an answer", ({ input }) => input.write("x\r")],
    ["Ctrl-C", ({ input }) => input.write("\u0003")],
    ["Ctrl-D", ({ input }) => input.write("\u0004")],
    ["the end of input", ({ input }) => input.end()],
    ["an error of the terminal", ({ input }) => input.destroy(new Error("EIO"))],
    ["an abort", (_asked, abort) => abort.abort(new Failure("timed_out"))],
  ])("leaves the terminal as it was after %s", async (_end, end) => {
    const abort = new AbortController();
    const before = new FakeInput(true);
    const asked = ask(abort.signal);
    end(asked, abort);
    await asked.answer.catch(() => undefined);
    asked.questions.close();
    expect(asked.input.isRaw).toBe(false);
    expect(asked.input.listenerCount("data")).toBe(before.listenerCount("data"));
    expect(asked.output.text).toBe("Recovery key: \n");
  });

  it("ends as what ended it", async () => {
    const interrupted = ask();
    interrupted.input.write(`${TYPED}\u0003`);
    await expectFailure("interrupted", () => interrupted.answer);
    const ended = ask();
    ended.input.end();
    await expectFailure("user_cancelled", () => ended.answer);
    const abort = new AbortController();
    const late = ask(abort.signal);
    abort.abort(new Failure("timed_out"));
    await expectFailure("timed_out", () => late.answer);
    await expectFailure("timed_out", () => ask(abort.signal).answer);
  });

  it("is followed by no echo until it is known whether it is right", async () => {
    const { input, output, questions, answer } = ask();
    input.write("wrong\r");
    await answer;
    expect(input.isRaw).toBe(true);
    input.write("the rest of a paste\r");
    await settle();
    const again = questions.ask("Again:", new AbortController().signal);
    expect(output.text).toBe("Recovery key: \nAgain: ");
    input.write("right\r");
    expect((await again).reveal()).toBe("right");
    questions.close();
    expect(input.isRaw).toBe(false);
  });

  it("is interrupted by Ctrl-C between two questions, too", async () => {
    const { input, questions, answer, interrupt } = ask();
    input.write("wrong\r");
    await answer;
    input.write("\u0003");
    await settle();
    expect(interrupt).toHaveBeenCalledOnce();
    questions.close();
  });

  it("is one answer where a recovery key is pasted in two lines that arrive one after the other", async () => {
    const { input, output, answer } = ask();
    input.write(`${WHOLE.slice(0, 29)}\n`);
    await settle();
    input.write(`${WHOLE.slice(30)}\n`);
    expect((await answer).reveal()).toBe(`${WHOLE.slice(0, 29)}${WHOLE.slice(30)}`);
    expect(output.text).not.toContain("2gZG");
  });

  it("may have any characters, even in pieces", async () => {
    const { input, answer } = ask();
    const bytes = Buffer.from("naïve 🐎\r");
    for (const byte of bytes) {
      input.write(Buffer.of(byte));
      await settle();
    }
    expect((await answer).reveal()).toBe("naïve 🐎");
  });
});

describe("the line", () => {
  function type(...chunks: readonly string[]) {
    const ends = { answer: vi.fn(), refuse: vi.fn(), interrupt: vi.fn(), goOn: vi.fn() };
    const line = new SecretLine(ends);
    for (const chunk of chunks) line.press(chunk);
    return { ...ends, text: () => ends.answer.mock.calls[0]?.[0].reveal() };
  }

  it.each([
    ["a backspace takes a character back", ["Esx", "\u007f", "TW\r"], "EsTW"],
    ["a backspace in front of all does nothing", ["\b", "Es\r"], "Es"],
    ["Ctrl-U takes all back", ["wrong", "\u0015", "Es\r"], "Es"],
    ["arrow keys and controls are left out", ["Es\u001b[D\u001b[1;5C\u001bOA\u0001\tTW\r"], "EsTW"],
    ["Ctrl-D amidst it is left out", ["Es", "\u0004", "TW\r"], "EsTW"],
    ["line breaks in what is pasted are spaces", ["EsTW nzTJ\r\n1TnJ\r\n"], "EsTW nzTJ 1TnJ"],
    [
      "a second Enter ends a key that isn't whole",
      ["EsTW nzTJ 1TnJ 9PSn\r", "\n", "\r"],
      "EsTW nzTJ 1TnJ 9PSn",
    ],
    ["a whole key needs one Enter", [`${WHOLE}\r`], WHOLE],
    ["an empty line is an answer", ["\n"], ""],
  ])("%s", (_what, chunks, text) => {
    expect(type(...chunks).text()).toBe(text);
  });

  it("has an end", () => {
    const endless = Array.from({ length: 100 }, () => "x".repeat(100));
    expect(type(...endless, "\r").text()).toHaveLength(1024);
  });

  it("tells of Ctrl-C, and of Ctrl-D where nothing was typed", () => {
    expect(type("Es", "\u0003").interrupt).toHaveBeenCalledOnce();
    expect(type("\u0004").refuse).toHaveBeenCalledOnce();
    expect(type("Es", "\u0004").refuse).not.toHaveBeenCalled();
  });
});

describe("a paste that the terminal marks", () => {
  const PASTE = ["\u001b[200~", "\u001b[201~"] as const;

  it("is asked for as long as secrets are", async () => {
    const { input, output, questions, answer } = ask();
    expect(output.marksPastes).toBe(true);
    input.write("x\r");
    await answer;
    expect(output.marksPastes).toBe(true);
    questions.close();
    expect(output.marksPastes).toBe(false);
  });

  it.each<[what: string, chunks: readonly string[]]>([
    ["at once", [`${PASTE[0]}two words\r\nthree\n${PASTE[1]}`]],
    ["in pieces", [`${PASTE[0]}two wo`, "rds\r", "\nthree", `\n${PASTE[1]}`]],
    ["with marks that are cut", ["\u001b[20", "0~two words\nthree\r\u001b", "[201~"]],
  ])("is one answer with all its lines, once Enter is pressed: %s", async (_what, chunks) => {
    const { input, answer } = ask();
    for (const chunk of [...chunks, "\r"]) input.write(chunk);
    expect((await answer).reveal()).toBe("two words three");
  });
});

describe("Ctrl-Z at a secret", () => {
  it("stops the process with the terminal restored, and asks again when it goes on", async () => {
    const input = new FakeInput(true);
    const output = new FakeOutput({ columns: 80, rows: 24 });
    const goesOn = new Set<() => void>();
    const stop = vi.fn(() => {
      expect([input.isRaw, output.marksPastes]).toEqual([false, false]);
    });
    const jobControl = {
      stop,
      onContinue: (listener: () => void) => {
        goesOn.add(listener);
        return () => void goesOn.delete(listener);
      },
    };
    const terminal = { input: input.asStream(), output: output.asStream(), jobControl, close() {} };
    const questions = new SecretQuestions(terminal, vi.fn());
    const answer = questions.ask("Recovery key:", new AbortController().signal);
    input.write("ab");
    await settle();
    input.write("\u001a");
    await settle();
    expect(stop).toHaveBeenCalledOnce();
    for (const listener of goesOn) listener();
    expect([input.isRaw, output.marksPastes]).toEqual([true, true]);
    expect(output.text).toBe("Recovery key: \nRecovery key: ");
    input.write("c\r");
    expect((await answer).reveal()).toBe("abc");
    questions.close();
    expect(goesOn.size).toBe(0);
  });
});
