import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { CommandContext } from "../../src/commands/context.js";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { revealed } from "../../src/foundation/secret.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import { SessionStore } from "../../src/session/store.js";
import { createJsonDisplay } from "../../src/ui/json-display.js";
import { perform } from "../support/command-line.js";
import { devHomeserver, signIn } from "../support/dev-homeserver.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeInput, FakeOutput, typeAnswers } from "../support/fake-terminal.js";
import { expectRefusal } from "../support/refused-command.js";
import { secretsFoundIn } from "../support/secret-hunt.js";
import { newStoredKey } from "../support/secret-storage.js";
import { fullSessionJson, machineWith, temporaryDirectory } from "../support/sessions.js";

let folder: string;
let store: SessionStore;

beforeEach(async () => {
  folder = await temporaryDirectory();
  store = new SessionStore(sessionsDirectory(machineWith({ XDG_STATE_HOME: folder })));
});

/** A file with that text. */
async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Runs `session import` with these arguments. What is typed is typed at a terminal, line by line as it is asked. */
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
    ...machineWith({ XDG_STATE_HOME: folder }),
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

interface Given {
  readonly typed?: readonly string[];
  readonly piped?: string;
}

const imported = async (name = "bot") => revealed(await store.read(store.pathOf(name)));

/** The arguments for the token of the existing device. */
async function tokenOf({ baseUrl, existingSession }: Pick<DevHomeserver, "baseUrl" | "existingSession">) {
  const token = await file("token", `${existingSession.access_token}\n`);
  return ["--token-file", token, "--homeserver", baseUrl.href, "--session", "bot"];
}

describe("an access token", () => {
  it("becomes a session of the device that the homeserver says it is, with the secrets of secret storage", async () => {
    const server = await devHomeserver();
    const key = await file("key", `${server.recoveryKey}\n`);
    const args = await tokenOf(server);
    const { events, said } = await importing([...args, "--recovery-key-file", key]);
    const { base_url, user_id, device_id, access_token, secrets } = server.existingSession;
    const session = { base_url, user_id, device_id, access_token, secrets };
    expect(await imported()).toEqual({
      ...session,
      state: "complete",
      created_at: "2026-01-01T00:00:00.000Z",
    });
    expect(events).toMatchObject([
      { event: "warning", code: "session_not_revocable" },
      { event: "session", state: "complete", cross_signing: true, backup_version: "1", refreshable: false },
    ]);
    expect(secretsFoundIn(said, [server.recoveryKey, access_token])).toEqual([]);
  });

  it.each([
    [
      "the recovery key in groups of its own",
      ({ recoveryKey }: DevHomeserver) => recoveryKey.replaceAll(" ", "\n  "),
    ],
    ["the passphrase", () => "a passphrase of mine"],
  ])("gets the secrets with %s", async (_what, text) => {
    const server = await devHomeserver({ recoveryPassphrase: "a passphrase of mine" });
    const key = await file("key", `${text(server)}\r\n`);
    await importing([...(await tokenOf(server)), "--recovery-key-file", key]);
    expect((await imported()).secrets).toEqual(server.existingSession.secrets);
  });

  it("is read from stdin for -, and so is the recovery key", async () => {
    const server = await devHomeserver();
    const { baseUrl, existingSession, recoveryKey } = server;
    const homeserver = ["--homeserver", baseUrl.href];
    const key = await file("key", recoveryKey);
    const token = ["--token-file", "-", "--recovery-key-file", key, "--session", "bot"];
    await importing([...token, ...homeserver], { piped: existingSession.access_token });
    expect((await imported()).secrets).toEqual(existingSession.secrets);
    const other = [...(await tokenOf(server)), "--recovery-key-file", "-", "--session", "other"];
    await importing(other, { piped: `${recoveryKey}\n` });
    expect((await imported("other")).secrets).toEqual(existingSession.secrets);
  });

  it("gets the secrets of a secrets file", async () => {
    const server = await devHomeserver();
    const { secrets } = server.existingSession;
    const secretsFile = await file("secrets", JSON.stringify(secrets));
    await importing([...(await tokenOf(server)), "--secrets", secretsFile]);
    expect((await imported()).secrets).toEqual(secrets);
  });

  it("has no secrets where nobody gives any, with a warning", async () => {
    const server = await devHomeserver();
    const { events } = await importing(await tokenOf(server));
    expect(events).toMatchObject([
      { event: "warning", code: "session_not_revocable" },
      { event: "warning", code: "session_without_secrets" },
      { event: "session", cross_signing: false },
    ]);
  });

  it("can be revoked where the homeserver has no OAuth, of which nothing is said then", async () => {
    const server = await devHomeserver({ oauth: false });
    const { events } = await importing(await tokenOf(server));
    expect(events).toMatchObject([
      { event: "warning", code: "session_without_secrets" },
      { event: "session", cross_signing: false },
    ]);
  });

  it("is nobody's where the homeserver doesn't know it", async () => {
    const server = await devHomeserver();
    const unknown = await file("unknown", "mat_unknown");
    const args = ["--token-file", unknown, "--homeserver", server.baseUrl.href];
    const failure = await expectFailure("session_dead", () => importing(args));
    expect(failure.message).not.toContain("mat_unknown");
    expect(await store.list()).toEqual([]);
  });

  it.each(["", "two words", '{"access_token":"x"}', "tök"])(
    "is not what is in a file with %j",
    async (text) => {
      const token = await file("token", text);
      await expectRefusal({
        args: ["session", "import", "--token-file", token, "--homeserver", "example.org"],
        code: "session_invalid",
      });
    },
  );
});

describe("a session", () => {
  it("comes in with a warning where its backup key isn't the account's any more", async () => {
    const { existingSession } = await devHomeserver();
    const { secrets } = existingSession;
    const stale = { ...secrets, backup: { ...secrets.backup, backup_version: "0" } };
    const source = await file("session", JSON.stringify({ ...existingSession, secrets: stale }));
    const { events } = await importing([source, "--session", "bot"]);
    expect(events).toMatchObject([
      { code: "session_shared" },
      { event: "warning", code: "backup_mismatch", message: expect.stringContaining("version 0") },
      { event: "session", state: "complete", backup_version: "0" },
    ]);
  });
});

describe("the secrets of secret storage", () => {
  it("take the place of those in a session", async () => {
    const server = await devHomeserver();
    const { secrets: _, ...session } = server.existingSession;
    const key = await file("key", server.recoveryKey);
    for (const [name, given] of [
      ["without", session],
      ["old", { ...session, secrets: fullSessionJson().secrets }],
    ] as const) {
      const source = await file("session", JSON.stringify(given));
      const args = [source, "--recovery-key-file", key, "--session", name];
      const { events } = await importing(args);
      expect((await imported(name)).secrets).toEqual(server.existingSession.secrets);
      expect(events).toMatchObject([{ code: "session_shared" }, { event: "session", cross_signing: true }]);
    }
  });

  it("come with the session's own tokens, refreshed where they have expired, and on disk before they are used", async () => {
    const server = await devHomeserver({ accessTokenLifetimeMs: 1000 });
    await server.clock.advance(2000);
    const source = await file("session", JSON.stringify(server.existingSession));
    const key = await file("key", newStoredKey().recoveryKey);
    const args = [source, "--recovery-key-file", key, "--session", "bot"];
    const failure = await expectFailure("recovery_key_wrong", () => importing(args));
    // What was imported is the only copy with good tokens.
    expect(failure.details.session).toBe(store.pathOf("bot"));
    const { state, refresh_token } = await imported();
    expect(state).toBe("unconfirmed");
    expect(refresh_token).not.toBe(server.existingSession.refresh_token);
  });

  it.each([
    ["recovery_key_wrong", () => newStoredKey().recoveryKey],
    ["recovery_key_malformed", ({ recoveryKey }: DevHomeserver) => recoveryKey.slice(1)],
  ] as const)("stay there with %s, and nothing is kept", async (code, text) => {
    const server = await devHomeserver();
    const wrong = text(server);
    const key = await file("key", wrong);
    const args = [...(await tokenOf(server)), "--recovery-key-file", key];
    const failure = await expectFailure(code, () => importing(args));
    expect(failure.kind).toBe("local");
    expect(secretsFoundIn(failure.message, [wrong, ...wrong.split(" ")])).toEqual([]);
    expect(await store.list()).toEqual([]);
  });

  it("are refused where the account publishes others", async () => {
    const server = await devHomeserver();
    server.removeCrossSigning();
    const key = await file("key", server.recoveryKey);
    const args = [...(await tokenOf(server)), "--recovery-key-file", key];
    await expectFailure("cross_signing_missing", () => importing(args));
    expect(await store.list()).toEqual([]);
  });
});

describe("a person at a terminal", () => {
  it("is asked for the recovery key, and again where it is wrong; nothing of it is shown", async () => {
    const server = await devHomeserver();
    const wrong = newStoredKey().recoveryKey;
    const typed = [wrong, server.recoveryKey.slice(0, -1), server.recoveryKey];
    const { asked, said } = await importing(await tokenOf(server), { typed });
    expect((await imported()).secrets).toEqual(server.existingSession.secrets);
    expect(asked).toContain("or nothing to go without");
    expect(asked).toContain("isn't that of the account's secret storage");
    expect(asked).toContain("it has 47 characters instead of 48");
    expect(secretsFoundIn(said, typed)).toEqual([]);
  });

  it("may go without", async () => {
    const server = await devHomeserver();
    await importing(await tokenOf(server), { typed: [""] });
    expect((await imported()).secrets).toBeUndefined();
  });

  it("isn't asked where the secrets come from a file", async () => {
    const server = await devHomeserver();
    const key = await file("key", server.recoveryKey);
    const { asked } = await importing([...(await tokenOf(server)), "--recovery-key-file", key], {
      typed: [],
    });
    expect(asked).toBe("");
  });
});

describe("what a token is of", () => {
  it("may be a device that isn't verified: the secrets are the account's all the same", async () => {
    const server = await devHomeserver();
    const { accessToken } = await signIn(server, "NEWDEVICE1");
    const token = await file("token", accessToken);
    const key = await file("key", server.recoveryKey);
    await importing([
      ...["--token-file", token, "--homeserver", server.baseUrl.href, "--recovery-key-file", key],
    ]);
    const [entry] = await store.list();
    expect(entry?.session).toMatchObject({ device_id: "NEWDEVICE1", state: "complete" });
  });
});

describe("before any request", () => {
  const TOKEN = ["session", "import", "--token-file", "token"];

  it.each([
    [["session", "import"], "--token-file"],
    [[...TOKEN, "session.json"], ""],
    [[...TOKEN, "--offline"], ""],
    [["session", "import", "s", "--offline", "--recovery-key-file", "key"], ""],
    [["session", "import", "-", "--recovery-key-file", "-"], "as files"],
    [["session", "import", "--token-file", "-", "--recovery-key-file", "-"], "as files"],
    [["session", "import", "s", "--secrets", "a", "--recovery-key-file", "key"], ""],
    [["session", "import", "-", "--secrets", "-"], "as files"],
    [["session", "import", "s", "--homeserver", "example.org"], ""],
  ])("%j is refused", async (args, hint) => {
    await expectRefusal({ args, code: "usage_error", hint });
  });

  it("a homeserver has to be named where nobody can be asked", async () => {
    await expectRefusal({ args: TOKEN, code: "homeserver_missing", hint: "--homeserver" });
  });

  it("the recovery key has to be there", async () => {
    const token = await file("token", "mat_token");
    const args = ["session", "import", "--token-file", token, "--homeserver", "example.org"];
    for (const [path, code] of [
      [join(folder, "missing"), "file_error"],
      [await file("large", "x".repeat(5000)), "recovery_key_malformed"],
    ] as const) {
      await expectRefusal({ args: [...args, "--recovery-key-file", path], code });
    }
  });
});
