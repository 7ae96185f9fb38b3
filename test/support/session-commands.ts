import { PassThrough, Readable } from "node:stream";
import { expect } from "vitest";
import type { SignInContext } from "../../src/commands/context.js";
import type { GlobalOptions } from "../../src/commands/options/global.js";
import type { DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import { parsePortableSession, type StoredSession } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import { devHomeserver } from "./dev-homeserver.js";
import { FakeClock } from "./fake-clock.js";
import { fullSession, machineWith, temporaryDirectory } from "./sessions.js";

export const options: GlobalOptions = { timeout: 600, allowHttp: [] };
export const json = { ...options, json: true } as const;

export type Verb = (context: SignInContext) => Promise<void>;

export type SessionCommands = Awaited<ReturnType<typeof sessionCommands>>;

/** The verbs of `session`, in a state folder that is gone after the test. */
export async function sessionCommands() {
  const env: Record<string, string> = { XDG_STATE_HOME: await temporaryDirectory() };
  const store = new SessionStore(sessionsDirectory(machineWith(env)));

  /** Runs a verb as a process would, and gives what it wrote. */
  async function run(verb: Verb, stdin = "", clock = new FakeClock()) {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const { signal } = new AbortController();
    const streams = { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr };
    const written = (stream: PassThrough) => String(stream.read() ?? "");
    try {
      await verb({ ...streams, ...machineWith(env), clock, signal } as unknown as SignInContext);
    } catch (error) {
      expect(`${written(stdout)}${written(stderr)}`).not.toMatch(/session_removed|Imported|Refreshed/);
      throw error;
    }
    const out = written(stdout);
    const events = () =>
      out
        .trim()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as object);
    return { out, err: written(stderr), events };
  }

  const save = (name: string, changes: Partial<StoredSession> = {}) =>
    store.create(store.pathOf(name), { ...fullSession(), state: "complete", ...changes });

  /** A homeserver whose existing device is saved here. */
  async function savedDevice(
    serverOptions: DevHomeserverOptions = {},
    changes: Partial<StoredSession> = {},
  ): Promise<{ server: Awaited<ReturnType<typeof devHomeserver>>; path: string }> {
    const server = await devHomeserver(serverOptions);
    const path = store.pathOf("bot");
    const session = parsePortableSession(JSON.stringify(server.existingSession), "the server");
    await store.create(path, { ...session, state: "complete", ...changes });
    return { server, path };
  }

  return { env, store, run, save, savedDevice };
}
