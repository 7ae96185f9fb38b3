import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandContext } from "../../src/commands/context.js";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { revealed } from "../../src/foundation/secret.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import { SessionStore } from "../../src/session/store.js";
import { createJsonDisplay } from "../../src/ui/json-display.js";
import { perform } from "./command-line.js";
import { FakeClock } from "./fake-clock.js";
import { FakeInput, FakeOutput, typeAnswers } from "./fake-terminal.js";
import { machineWith, temporaryDirectory } from "./sessions.js";

export type ImportAtHand = Awaited<ReturnType<typeof sessionImporting>>;

interface Given {
  readonly typed?: readonly string[];
  readonly piped?: string;
}

/** `session import` as it is typed, in a folder that is gone after the test and has the sessions too. */
export async function sessionImporting() {
  const folder = await temporaryDirectory();
  const machine = machineWith({ XDG_STATE_HOME: folder });
  const store = new SessionStore(sessionsDirectory(machine));

  /** A file with that text. */
  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  /** Runs it with these arguments. What is typed is typed at a terminal, line by line as it is asked. */
  async function importing(args: readonly string[], { typed, piped = "" }: Given = {}) {
    const stdin = new FakeInput(typed !== undefined);
    const stdout = new FakeOutput();
    const stderr = new FakeOutput(typed && { columns: 80, rows: 24 });
    const streams = { stdin: stdin.asStream(), stdout: stdout.asStream(), stderr: stderr.asStream() };
    const lines = [...(typed ?? [])];
    if (typed === undefined) stdin.end(piped);
    typeAnswers(stdin, stderr, lines, "\r");
    const clock = new FakeClock();
    const context = {
      ...machine,
      ...streams,
      clock,
      readPicture: async () => new Uint8Array(),
      signal: new AbortController().signal,
    } satisfies CommandContext;
    const terminal = { input: streams.stdin, output: streams.stderr, close: () => undefined };
    const display = await createJsonDisplay(context, typed && terminal, () => {});
    await perform(["session", "import", ...args, "--json"], {
      signIn: (_options, command) => command({ ...context, display }),
      command: async () => undefined,
      program: async () => undefined,
    });
    const events = stdout.lines.filter(Boolean).map((line) => JSON.parse(line) as object);
    return { events, asked: stderr.text, said: stdout.text + stderr.text };
  }

  const imported = async (name = "bot") => revealed(await store.read(store.pathOf(name)));

  /** The arguments for the token of the existing device. */
  async function tokenOf({ baseUrl, existingSession }: Pick<DevHomeserver, "baseUrl" | "existingSession">) {
    const token = await file("token", `${existingSession.access_token}\n`);
    return ["--token-file", token, "--homeserver", baseUrl.href, "--session", "bot"];
  }

  return { folder, store, file, importing, imported, tokenOf };
}
