import { beforeEach, describe, expect, it } from "vitest";
import { sessionCheck } from "../../src/commands/session-check.js";
import { Secret } from "../../src/foundation/secret.js";
import { withSessionLock } from "../../src/session/lock.js";
import { call, devHomeserver, signIn } from "../support/dev-homeserver.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { json, options, type SessionCommands, sessionCommands } from "../support/session-commands.js";
import { fullSession } from "../support/sessions.js";

let store: SessionCommands["store"];
let run: SessionCommands["run"];
let save: SessionCommands["save"];
let savedDevice: SessionCommands["savedDevice"];

beforeEach(async () => {
  ({ store, run, save, savedDevice } = await sessionCommands());
});

describe("session check", () => {
  it("says in a line each that the token is good, the device verified, the secrets and the backup current", async () => {
    const { server } = await savedDevice();
    const { user_id, device_id } = server.existingSession;
    const { out } = await run((context) => sessionCheck(options, context));
    expect(out.split("\n")).toEqual([
      `ok       token    ${user_id} is signed in as device ${device_id}.`,
      "ok       device   The device is there, and verified.",
      "ok       secrets  The cross-signing keys are the account's.",
      "ok       backup   The backup key is that of the current backup, version 1.",
      "",
    ]);
    const { events } = await run((context) => sessionCheck(json, context));
    expect(events()).toMatchObject([
      {
        ...{ event: "session", name: "bot", state: "complete", verified: true },
        checks: ["token", "device", "secrets", "backup"].map((check) => ({ check, state: "ok" })),
      },
    ]);
  });

  it("warns of a stale backup key, which is no failure", async () => {
    const { server } = await savedDevice();
    const { access_token: token } = server.existingSession;
    const version = {
      algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
      auth_data: { public_key: "AAAA" },
    };
    const path = "POST /_matrix/client/v3/room_keys/version";
    expect((await call(server.baseUrl, path, { token, json: version })).status).toBe(200);
    const { out } = await run((context) => sessionCheck(options, context));
    expect(out).toMatch(/^warning {2}backup {3}The backup key is stale: .*version 1, .*version 2\.$/m);
  });

  it("says what a session has nothing of", async () => {
    const { path } = await savedDevice();
    await store.update(path, { secrets: undefined });
    const { out } = await run((context) => sessionCheck(options, context));
    expect(out).toMatch(/^- {8}secrets {2}The session has no cross-signing keys\.\n- {8}backup /m);
  });

  it("makes an unconfirmed session complete when the homeserver confirms it", async () => {
    const { path } = await savedDevice({}, { state: "unconfirmed" });
    await run((context) => sessionCheck(options, context));
    expect((await store.read(path)).state).toBe("complete");
  });

  it("doesn't write while another process refreshes: its tokens would be lost", async () => {
    const { path } = await savedDevice({}, { state: "unconfirmed" });
    const clock = new FakeClock();
    await withSessionLock(path, clock, new AbortController().signal, async () => {
      await expectFailure("session_locked", () =>
        clock.runUntil(run((context) => sessionCheck(options, context), "", clock)),
      );
    });
    expect((await store.read(path)).state).toBe("unconfirmed");
  });

  it("ends with exit 8 for a session that is still not verified", async () => {
    const server = await devHomeserver();
    const { accessToken } = await signIn(server, "NEWDEVICE1");
    const { base_url, user_id } = server.existingSession;
    const path = store.pathOf("bot");
    const session = { base_url, user_id, device_id: "NEWDEVICE1", access_token: new Secret(accessToken) };
    await store.create(path, { ...session, state: "unverified" });
    const failure = await expectFailure("signed_in_unverified", () =>
      run((context) => sessionCheck(options, context)),
    );
    expect(failure.kind).toBe("unverified");
    await store.update(path, { state: "complete" });
    const again = await expectFailure("signed_in_unverified", () =>
      run((context) => sessionCheck(json, context)),
    );
    expect(again.details).toMatchObject({ deviceId: "NEWDEVICE1", session: path });
  });

  it("completes an imported session that nobody has verified yet, and ends with exit 8", async () => {
    const server = await devHomeserver();
    const { accessToken } = await signIn(server, "NEWDEVICE1");
    const { base_url, user_id } = server.existingSession;
    const session = { base_url, user_id, device_id: "NEWDEVICE1", access_token: new Secret(accessToken) };
    await store.create(store.pathOf("bot"), { ...session, state: "unconfirmed" });
    await expectFailure("signed_in_unverified", () => run((context) => sessionCheck(options, context)));
    expect((await store.read(store.pathOf("bot"))).state).toBe("complete");
  });

  it("refreshes an expired token, and has the new one on disk", async () => {
    const { server, path } = await savedDevice();
    await server.clock.advance(301_000);
    const { out } = await run((context) => sessionCheck(options, context), "", server.clock);
    expect(out).toContain("there, and verified");
    const { access_token, refresh_token, expires_at } = await store.read(path);
    expect(access_token?.reveal()).not.toBe(server.existingSession.access_token);
    expect(refresh_token?.reveal()).not.toBe(server.existingSession.refresh_token);
    expect(expires_at).toBe("2026-01-01T00:10:01.000Z");
  });

  it("ends with exit 9 when the session is dead", async () => {
    await savedDevice({}, { access_token: new Secret("unknown"), refresh_token: new Secret("unknown") });
    const failure = await expectFailure("session_dead", () =>
      run((context) => sessionCheck(options, context)),
    );
    expect(failure.kind).toBe("local");
  });

  it("ends with exit 5 when the secrets or the device's keys are not the account's", async () => {
    const { path } = await savedDevice();
    const { secrets, device_keys } = fullSession();
    await store.update(path, { device_keys });
    await expectFailure("device_keys_mismatch", () => run((context) => sessionCheck(options, context)));
    await store.update(path, { secrets });
    await expectFailure("secrets_mismatch", () => run((context) => sessionCheck(options, context)));
  });

  it("ends with exit 7 when the homeserver can't be asked, and leaves the session as it was", async () => {
    const { path } = await savedDevice({ intercept: () => ({ when: "before" }) }, { state: "unconfirmed" });
    const clock = new FakeClock();
    const failure = await expectFailure("network_error", () =>
      clock.runUntil(run((context) => sessionCheck(options, context), "", clock)),
    );
    expect(failure.kind).toBe("network");
    expect((await store.read(path)).state).toBe("unconfirmed");
  });

  it("asks nobody about a sign-in that never finished, or that was ended", async () => {
    await save("bot", { state: "incomplete" });
    await expectFailure("session_incomplete", () => run((context) => sessionCheck(options, context)));
    await store.update(store.pathOf("bot"), { state: "revocation_pending" });
    await expectFailure("session_dead", () => run((context) => sessionCheck(options, context)));
  });
});
