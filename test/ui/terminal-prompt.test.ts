import { describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { terminalPrompt } from "../../src/ui/terminal-prompt.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";

const SIZE = { columns: 80, rows: 24 };
const never = new AbortController().signal;

const device = () => ({ input: new FakeInput(true), output: new FakeOutput(SIZE) });

describe("asking line by line", () => {
  function prompt() {
    const { input, output } = device();
    const terminal = { input: input.asStream(), output: output.asStream(), close() {} };
    return { input, output, prompt: terminalPrompt(terminal, () => {}) };
  }

  it.each([
    ["y", true],
    ["Yes", true],
    ["", false],
    ["n", false],
    ["yellow", false],
  ])("takes %j for %s", async (typed, meant) => {
    const { input, output, prompt: ask } = prompt();
    const answer = ask.confirm("Continue?", never);
    await expect.poll(() => output.text).not.toBe("");
    input.write(`${typed}\n`);
    expect(await answer).toBe(meant);
    expect(output.text).toBe("Continue? [y/N] ");
  });

  it("takes nothing for yes or no that was typed before it was asked", async () => {
    const { input, output, prompt: ask } = prompt();
    input.write("y\ny");
    const answer = ask.confirm("Continue?", never);
    await expect.poll(() => output.text).toBe("Continue? [y/N] ");
    input.write("n\n");
    expect(await answer).toBe(false);
    expect(input.isRaw).toBe(false);
  });

  it("takes Ctrl-C for one while it throws away what was typed ahead", async () => {
    const { input, output } = device();
    const interrupt = vi.fn();
    const terminal = { input: input.asStream(), output: output.asStream(), close() {} };
    const answer = terminalPrompt(terminal, interrupt).confirm("Continue?", never);
    input.write("\u0003");
    await expect.poll(() => output.text).not.toBe("");
    expect(interrupt).toHaveBeenCalledOnce();
    input.write("\n");
    expect(await answer).toBe(false);
  });

  it("trims what was typed", async () => {
    const { input, prompt: ask } = prompt();
    const answer = ask.text("Homeserver:", never);
    input.write("  example.org \n");
    expect(await answer).toBe("example.org");
  });

  it("takes the end of input for a cancellation, and ends the line", async () => {
    const { input, output, prompt: ask } = prompt();
    const answer = ask.text("Homeserver:", never);
    input.end();
    await expect(answer).rejects.toMatchObject({ code: "user_cancelled" });
    expect(output.text).toBe("Homeserver: \n");
  });

  it("stops asking with the signal's reason, on a line of its own", async () => {
    const { output, prompt: ask } = prompt();
    const abort = new AbortController();
    const answer = ask.checkCode(1, abort.signal);
    abort.abort(new Failure("timed_out"));
    await expect(answer).rejects.toMatchObject({ code: "timed_out" });
    expect(output.text).toBe("Check code on the other device (1 attempt left): \r\n");
  });

  it("takes a check code in any spelling, and asks again for a line that is none", async () => {
    const { input, output, prompt: ask } = prompt();
    const answer = ask.checkCode(2, never);
    for (const line of ["what?", "", "４ ２"]) {
      output.take();
      input.write(`${line}\n`);
      if (line !== "４ ２")
        await expect.poll(() => output.text).toMatch(/two digits.*\n.*2 attempts left.*: $/);
    }
    expect(await answer).toBe("42");
  });

  it("asks once more when the process goes on after a stop", async () => {
    const { input, output } = device();
    let goesOn = () => {};
    const jobControl = {
      stop: () => {},
      onContinue: (listener: () => void) => {
        goesOn = listener;
        return () => {
          goesOn = () => {};
        };
      },
    };
    const terminal = { input: input.asStream(), output: output.asStream(), jobControl, close() {} };
    const answer = terminalPrompt(terminal, () => {}).text("Homeserver:", never);
    goesOn();
    expect(output.text).toBe("Homeserver: Homeserver: ");
    input.write("example.org\n");
    expect(await answer).toBe("example.org");
    goesOn();
    expect(output.text).toBe("Homeserver: Homeserver: ");
  });

  it("can ask again", async () => {
    const { input, prompt: ask } = prompt();
    for (const typed of ["11", "42"]) {
      const answer = ask.checkCode(2, never);
      input.write(`${typed}\n`);
      expect(await answer).toBe(typed);
    }
  });
});
