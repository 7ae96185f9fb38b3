import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { CommandContext } from "../../src/commands/context.js";
import { hintOf } from "../../src/commands/hints.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { createJsonDisplay } from "../../src/ui/json-display.js";
import { perform } from "./command-line.js";
import { expectFailure } from "./failures.js";
import { FakeClock } from "./fake-clock.js";
import { FakeInput, FakeOutput, typeAnswers } from "./fake-terminal.js";
import { machineWith, temporaryDirectory } from "./sessions.js";

export interface Refusal {
  readonly args: readonly string[];
  readonly code: FailureCode;
  /** What its hint has to name. */
  readonly hint?: string;
  /** What it has to say. */
  readonly message?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types at the terminal; without it there is no terminal. */
  readonly typed?: string;
  /** What comes on stdin where that is no terminal. */
  readonly piped?: string;
}

/** Runs a command line in a world without sessions, and expects that it fails before any request. */
export async function expectRefusal({
  args,
  code,
  hint = "",
  message = "",
  ...given
}: Refusal): Promise<void> {
  const folder = await temporaryDirectory();
  const trace = join(folder, "trace.ndjson");
  const clock = new FakeClock();
  const context = { ...fakeContext(given, folder), clock };
  const terminal =
    given.typed === undefined
      ? undefined
      : { input: context.stdin, output: context.stderr, close: () => undefined };
  const display = await createJsonDisplay(context, terminal, () => {});
  const run = perform([...args, "--trace", trace], {
    signIn: (_options, command) => command({ ...context, display }),
    command: async (_options, command) => void (await command(context)),
    program: () => Promise.reject(new Error("No program is run for a refusal.")),
  });
  const failure = await expectFailure(code, () => clock.runUntil(run));
  expect(failure.message).toContain(message);
  expect(hintOf(failure) ?? "").toContain(hint);
  expect(await readFile(trace, "utf8").catch(() => "")).toBe("");
}

function fakeContext(
  { env = {}, typed, piped = "" }: Pick<Refusal, "env" | "typed" | "piped">,
  folder: string,
): Omit<CommandContext, "clock"> {
  const stdin = new FakeInput(typed !== undefined);
  const stderr = new FakeOutput(typed === undefined ? undefined : { columns: 80, rows: 24 });
  // What was typed before it was asked would be no answer to yes or no.
  if (typed) typeAnswers(stdin, stderr, typed.trimEnd().split("\n"), "\n");
  else stdin.end(piped);
  return {
    ...machineWith({ XDG_STATE_HOME: folder, ...env }),
    stdin: stdin.asStream(),
    stdout: new FakeOutput().asStream(),
    stderr: stderr.asStream(),
    readPicture: () => Promise.reject(new Failure("no_qr_code")),
    signal: new AbortController().signal,
  };
}
