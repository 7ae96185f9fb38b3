import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { CommandContext } from "../../src/commands/context.js";
import { type DevHomeserver, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import { SessionStore } from "../../src/session/store.js";
import { createPlainDisplay } from "../../src/ui/plain-display.js";
import { clientKeys } from "../support/client-keys.js";
import { perform } from "../support/command-line.js";
import { call } from "../support/dev-homeserver.js";
import { FakeInput, FakeOutput, typeAnswers } from "../support/fake-terminal.js";
import { secretsFoundIn } from "../support/secret-hunt.js";
import { machineWith, temporaryDirectory } from "../support/sessions.js";

let folder: string;
let store: SessionStore;
let server: DevHomeserver;

beforeEach(async () => {
  folder = await temporaryDirectory();
  store = new SessionStore(sessionsDirectory(machineWith({ XDG_STATE_HOME: folder })));
  server = await startDevHomeserver({
    rendezvous: "off",
    autoConsent: "allow",
    autoConsentDelayMs: 0,
    intervalMs: 1,
  });
  onTestFinished(() => server.close());
});

/** Runs a command at a terminal, at which these lines are typed as they are asked for. */
async function atTerminal(args: readonly string[], typed: readonly string[]) {
  const stdin = new FakeInput(true);
  const stdout = new FakeOutput();
  const stderr = new FakeOutput({ columns: 100, rows: 60 });
  const lines = [...typed];
  typeAnswers(stdin, stderr, lines, "\r\n");
  const context: CommandContext = {
    ...machineWith({ XDG_STATE_HOME: folder }),
    ...{ stdin: stdin.asStream(), stdout: stdout.asStream(), stderr: stderr.asStream() },
    clock: systemClock,
    readPicture: () => Promise.reject(new Failure("no_qr_code")),
    signal: new AbortController().signal,
  };
  const terminal = { input: context.stdin, output: context.stderr, close: () => undefined };
  const display = createPlainDisplay(context, terminal, {
    qr: { size: "auto", ecLevel: "auto" },
    interrupt: () => {},
  });
  await perform([...args, "--session", "bot"], {
    signIn: (_options, command) => command({ ...context, display }),
    command: async () => undefined,
    program: async () => undefined,
  });
  return { said: stdout.text + stderr.text, left: lines };
}

const logIn = (options: readonly string[], typed: readonly string[]) =>
  atTerminal(["login", "--homeserver", server.baseUrl.href, ...options], typed);

describe("at a terminal", () => {
  it("the recovery key is asked for once somebody has consented, again if it is wrong, and never shown", async () => {
    const { said, left } = await logIn([], ["not a recovery key", server.recoveryKey]);
    expect(left).toEqual([]);
    expect(await store.read(store.pathOf("bot"))).toMatchObject({ state: "complete" });
    expect(said.indexOf("Signed in as")).toBeLessThan(said.indexOf("Recovery key or passphrase"));
    expect(secretsFoundIn(said, [server.recoveryKey, "not a recovery key"])).toEqual([]);
  });

  it("a client's fingerprint is shown in groups of four, with who is believed, and signed if somebody says so", async () => {
    await logIn(["--device-keys", "defer"], [server.recoveryKey]);
    const { device_id, access_token } = await store.read(store.pathOf("bot"));
    const { deviceKeys, ed25519 } = clientKeys(server.account.userId, device_id);
    const upload = { token: access_token?.reveal() ?? "", json: { device_keys: deviceKeys } };
    await call(server.baseUrl, "POST /_matrix/client/v3/keys/upload", upload);

    await expect(atTerminal(["session", "sign-device"], ["n"])).rejects.toMatchObject({
      code: "user_cancelled",
    });
    expect(await store.read(store.pathOf("bot"))).toMatchObject({ device_keys_state: "deferred" });

    const { said } = await atTerminal(["session", "sign-device"], ["y"]);
    expect(said).toContain((ed25519.match(/.{1,4}/g) ?? []).join(" "));
    expect(said).toContain("The homeserver is believed in that");
    expect(await store.read(store.pathOf("bot"))).toMatchObject({ device_keys_state: "signed" });
  });
});
