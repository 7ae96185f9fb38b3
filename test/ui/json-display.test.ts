import { describe, expect, it } from "vitest";
import { createJsonDisplay } from "../../src/ui/json-display.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";
import { EXAMPLES } from "./event-examples.js";

describe("the JSON display", () => {
  it("asks for no file, however large a code is", async () => {
    const display = await createJsonDisplay(
      { stdout: new FakeOutput().asStream(), stderr: new FakeOutput().asStream() },
      undefined,
      () => {},
    );
    expect(display.lacksRoomFor(new Uint8Array(2000))).toBe(false);
  });

  it("writes each event as one line of JSON, `event` first", async () => {
    const stdout = new FakeOutput();
    const display = await createJsonDisplay(
      { stdout: stdout.asStream(), stderr: new FakeOutput().asStream() },
      undefined,
      () => {},
    );
    const events = Object.values(EXAMPLES);
    for (const event of events) display.emit(event);
    await display.close();

    const lines = stdout.text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(events);
    for (const line of lines) expect(line).toMatch(/^\{"event":"/);
  });

  it("puts `event` first even where it was not written first", async () => {
    const stdout = new FakeOutput();
    const display = await createJsonDisplay(
      { stdout: stdout.asStream(), stderr: new FakeOutput().asStream() },
      undefined,
      () => {},
    );
    display.emit({ device_id: "ABC", event: "verified" });
    expect(stdout.text).toBe('{"event":"verified","device_id":"ABC"}\n');
  });

  it("keeps hostile text as it is, in characters that no terminal obeys", async () => {
    const stdout = new FakeOutput();
    const message = "\u001b[2J\u009b\u202e\u2028\n\ud800\u{e0041}";
    const event = { event: "warning", code: "x", message } as const;
    const display = await createJsonDisplay(
      { stdout: stdout.asStream(), stderr: new FakeOutput().asStream() },
      undefined,
      () => {},
    );
    display.emit(event);
    expect(JSON.parse(stdout.text)).toEqual(event);
    expect(stdout.text).toMatch(/^[ -~]*\n$/);
  });

  it("asks at the terminal and leaves stdout alone", async () => {
    const stdout = new FakeOutput();
    const input = new FakeInput(true);
    const output = new FakeOutput({ columns: 80, rows: 24 });
    const terminal = { input: input.asStream(), output: output.asStream(), close() {} };
    const display = await createJsonDisplay(
      { stdout: stdout.asStream(), stderr: new FakeOutput().asStream() },
      terminal,
      () => {},
    );
    input.write("42\n");
    expect(await display.prompt?.checkCode(3, new AbortController().signal)).toBe("42");
    expect(output.text).toBe("Check code on the other device (3 attempts left): ");
    expect(stdout.text).toBe("");
  });

  it("has no prompt where nobody can be asked", async () => {
    const stdout = new FakeOutput().asStream();
    const stderr = new FakeOutput().asStream();
    const display = await createJsonDisplay({ stdout, stderr }, undefined, () => {});
    expect(display.prompt).toBeUndefined();
  });
});
