import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { encodeRecoveryKey } from "../../../src/secret-storage/recovery-key.js";
import { devHomeserver } from "../../support/dev-homeserver.js";
import { expectFailure } from "../../support/failures.js";
import { expectRefusal } from "../../support/refused-command.js";
import { secretsFoundIn } from "../../support/secret-hunt.js";
import { newStoredKey } from "../../support/secret-storage.js";
import { type ImportAtHand, sessionImporting } from "../../support/session-importing.js";
import { fullSessionJson } from "../../support/sessions.js";

/** Always the same: a word is made of a few random characters now and then. */
const OTHER_KEY = encodeRecoveryKey(Buffer.alloc(32, 7));

let folder: ImportAtHand["folder"];
let store: ImportAtHand["store"];
let file: ImportAtHand["file"];
let importing: ImportAtHand["importing"];
let imported: ImportAtHand["imported"];
let tokenOf: ImportAtHand["tokenOf"];

beforeEach(async () => {
  ({ folder, store, file, importing, imported, tokenOf } = await sessionImporting());
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
    ["recovery_key_wrong", OTHER_KEY],
    ["recovery_key_malformed", OTHER_KEY.slice(1)],
  ] as const)("stay there with %s, and nothing is kept", async (code, wrong) => {
    const server = await devHomeserver();
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
