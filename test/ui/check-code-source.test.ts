import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { checkCodesFromLines, checkCodesFromPrompt } from "../../src/ui/check-code-source.js";
import { FakeInput } from "../support/fake-terminal.js";

const never = new AbortController().signal;

describe("check codes from stdin", () => {
  it("takes a line that was written before it is asked for", async () => {
    const input = new FakeInput(false);
    input.write("42\n");
    expect(await checkCodesFromLines(input)(3, never)).toBe("42");
  });

  it("waits for a line that is written after it is asked for, in pieces even", async () => {
    const input = new FakeInput(false);
    const code = checkCodesFromLines(input)(3, never);
    input.write("4");
    input.write("2\r\n");
    expect(await code).toBe("42");
  });

  it("gives queued lines one by one, and a last one without a line break", async () => {
    const input = new FakeInput(false);
    input.end("11\n42\n07");
    const next = checkCodesFromLines(input);
    expect([await next(3, never), await next(2, never), await next(1, never)]).toEqual(["11", "42", "07"]);
  });

  it("gives a malformed line as it is: a wrong code", async () => {
    const input = new FakeInput(false);
    input.write("forty-two\n");
    expect(await checkCodesFromLines(input)(1, never)).toBe("forty-two");
  });

  it("cuts an endless line instead of collecting it", async () => {
    const input = new FakeInput(false);
    input.write("4".repeat(10_000));
    expect((await checkCodesFromLines(input)(1, never)).length).toBeLessThan(100);
  });

  it("takes the end of input for a cancellation, whether it came before or after", async () => {
    const input = new FakeInput(false);
    const next = checkCodesFromLines(input);
    const code = next(3, never);
    input.end();
    await expect(code).rejects.toMatchObject({ code: "user_cancelled" });
    await expect(next(3, never)).rejects.toMatchObject({ code: "user_cancelled" });
  });

  it("stops with the signal's reason and loses no line by it", async () => {
    const input = new FakeInput(false);
    const next = checkCodesFromLines(input);
    const abort = new AbortController();
    const code = next(3, abort.signal);
    abort.abort(new Failure("rendezvous_gone"));
    await expect(code).rejects.toMatchObject({ code: "rendezvous_gone" });
    input.write("42\n");
    expect(await next(3, never)).toBe("42");
  });

  it("keeps the process alive only while a code is asked for", async () => {
    const input = new FakeInput(false);
    const code = checkCodesFromLines(input)(3, never);
    expect(input.isReferenced).toBe(true);
    input.write("42\n");
    await code;
    expect(input.isReferenced).toBe(false);
    expect(input.isPaused()).toBe(true);
  });
});

describe("check codes from a person", () => {
  it("are asked for with the attempts that are left", async () => {
    const asked: number[] = [];
    const source = checkCodesFromPrompt({
      checkCode: async (attemptsLeft) => {
        asked.push(attemptsLeft);
        return "42";
      },
      confirm: async () => false,
      text: async () => "",
      secret: async () => new Secret(""),
      secretDone: () => undefined,
    });
    expect(await source(2, never)).toBe("42");
    expect(asked).toEqual([2]);
  });
});
