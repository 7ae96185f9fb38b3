import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { ProgramContext } from "../../src/commands/context.js";
import { sessionRun } from "../../src/commands/session-run.js";
import { systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { devHomeserver } from "../support/dev-homeserver.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";
import { machineWith, temporaryDirectory } from "../support/sessions.js";

/** A program that says that it is up, and tells by its exit code which signal came. */
const PROGRAM = `
  process.on("SIGINT", () => process.exit(2));
  process.on("SIGTERM", () => process.exit(15));
  setInterval(() => {}, 1000);
  require("node:fs").writeFileSync(process.argv[1], "up");`;

it.each([
  ["at a terminal, whose Ctrl-C reaches the program anyway", true, 15],
  ["without a terminal", false, 2],
])("hands SIGINT on, %s", async (_where, hasTerminal, code) => {
  const server = await devHomeserver();
  const folder = await temporaryDirectory();
  const session = join(folder, "bot.json");
  await writeFile(session, JSON.stringify(server.existingSession));
  const up = join(folder, "up");
  let deliver: (signal: NodeJS.Signals) => void = () => undefined;
  const context: ProgramContext = {
    ...machineWith({ PATH: process.env["PATH"] }),
    clock: systemClock,
    stdin: new FakeInput(false).asStream(),
    stdout: new FakeOutput().asStream(),
    stderr: new FakeOutput().asStream(),
    readPicture: () => Promise.reject(new Failure("no_qr_code")),
    signal: new AbortController().signal,
    failureEvent: ({ code: name, message }) => ({
      ...{ event: "failure", code: name, message, exit_code: 1, cleanup: "none" },
    }),
    takeSignals: (listener) => {
      deliver = listener;
    },
    hasTerminal,
  };
  const options = { session, timeout: 600, allowHttp: [], env: [] };
  const ended = sessionRun([process.execPath, "-e", PROGRAM, up], options, context);
  await vi.waitFor(async () => expect(await readFile(up, "utf8")).toBe("up"), { timeout: 15_000 });
  deliver("SIGINT");
  // Two signals at once reach a process in any order: the second is sent only where the first must not be.
  if (hasTerminal) deliver("SIGTERM");
  expect(await ended).toBe(code);
});
