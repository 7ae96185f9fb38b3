import { beforeEach, describe, expect, it } from "vitest";
import type { DevHomeserver } from "../../../src/dev-homeserver/dev-homeserver.js";
import { devHomeserver, signIn } from "../../support/dev-homeserver.js";
import { expectFailure } from "../../support/failures.js";
import { expectRefusal } from "../../support/refused-command.js";
import { secretsFoundIn } from "../../support/secret-hunt.js";
import { type ImportAtHand, sessionImporting } from "../../support/session-importing.js";

let store: ImportAtHand["store"];
let file: ImportAtHand["file"];
let importing: ImportAtHand["importing"];
let imported: ImportAtHand["imported"];
let tokenOf: ImportAtHand["tokenOf"];

beforeEach(async () => {
  ({ store, file, importing, imported, tokenOf } = await sessionImporting());
});

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
