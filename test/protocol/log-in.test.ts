import { describe, expect, it } from "vitest";
import type { LoginEvent } from "../../src/foundation/events.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { generateDeviceIdentityKeys } from "../../src/protocol/device-keys.js";
import type { ExpectedUser } from "../../src/protocol/expected-user.js";
import { type LoggingInDevice, logIn } from "../../src/protocol/log-in.js";
import { expectedUser } from "../support/expected-user.js";
import { FakeClock } from "../support/fake-clock.js";
import {
  BASE_URL,
  MemoryHomeserver,
  MemorySessionFile,
  NEW_DEVICE,
  TOKENS,
} from "../support/memory-homeserver.js";
import { ending, namesOf } from "../support/roles.js";
import { newCrossSigningSecrets, USER } from "../support/sessions.js";

function setUp(changes: Partial<LoggingInDevice> = {}) {
  const clock = new FakeClock();
  const homeserver = new MemoryHomeserver(clock);
  const file = new MemorySessionFile(homeserver.log);
  const events: LoginEvent[] = [];
  const stop = new AbortController();
  const run = () => {
    const device: LoggingInDevice = {
      deviceId: NEW_DEVICE,
      identityKeys: generateDeviceIdentityKeys(),
      homeserver: homeserver.forSignIn(),
      openSecretStorage: async () => {
        homeserver.log.push("secret storage");
        return homeserver.secrets;
      },
      sessionFile: file,
      keepUnverified: false,
      emit: (event) => events.push(event),
      clock,
      ...changes,
    };
    return clock.runUntil(ending(logIn(device, stop.signal)));
  };
  return { homeserver, file, events, stop, run };
}

describe("logging in without another device", () => {
  it("ends verified, with tokens on disk before they are used, and secrets before the upload", async () => {
    const { homeserver, file, events, run } = setUp();
    expect(await run()).toEqual({
      result: { userId: USER, deviceId: NEW_DEVICE, deviceKeys: "uploaded" },
    });
    expect(homeserver.events).toEqual([
      `authorize ${NEW_DEVICE}`,
      "save without tokens",
      "save incomplete",
      "whoami",
      "save incomplete",
      "secret storage",
      "keys/query",
      "save incomplete",
      "save unconfirmed",
      "keys/upload",
      "keys/query",
      "save complete",
    ]);
    expect(namesOf(events)).toEqual([
      ...["homeserver", "verification", "waiting_for_consent", "signed_in"],
      ...["secrets_received", "verified"],
    ]);
    expect(file.content).toMatchObject({
      state: "complete",
      deviceKeysState: "uploaded",
      tokens: TOKENS,
      secrets: homeserver.secrets,
    });
  });

  it("ends with the checked secrets on disk where the device keys are left to another client", async () => {
    const { homeserver, file, events, run } = setUp({ identityKeys: undefined });
    expect(await run()).toEqual({
      result: { userId: USER, deviceId: NEW_DEVICE, deviceKeys: "deferred" },
    });
    expect(homeserver.log).not.toContain("keys/upload");
    expect(homeserver.events.slice(-2)).toEqual(["keys/query", "save complete"]);
    expect(namesOf(events)).not.toContain("verified");
    expect(file.content).toMatchObject({ state: "complete", deviceKeysState: "deferred" });
    expect(file.content?.identityKeys).toBeUndefined();
  });

  it("asks the account once for what its secrets are held to, whoever holds them to it", async () => {
    const asked: string[] = [];
    const all = setUp({
      identityKeys: undefined,
      openSecretStorage: async (account, userId, signal) => {
        await account.queryKeys(userId, signal);
        await account.backupVersion(signal);
        return all.homeserver.secrets;
      },
    });
    const { homeserver } = all;
    homeserver.account = {
      queryKeys: async () => {
        asked.push("keys");
        return homeserver.published;
      },
      backupVersion: async () => {
        asked.push("backup");
        return homeserver.backup;
      },
    };
    expect(await all.run()).toHaveProperty("result");
    expect(asked).toEqual(["keys", "backup"]);
  });

  it.each([
    ["declined", "consent_declined"],
    ["expired", "authorization_expired"],
    ["dropped", "authorization_dropped"],
  ] as const)("has nothing to clean up when the consent is %s", async (status, code) => {
    const { homeserver, file, run } = setUp();
    homeserver.polls = [{ status: "pending" }, { status }];
    const { failure } = await run();
    expect(failure).toMatchObject({ code, details: {} });
    expect(file.content).toBeUndefined();
    expect(homeserver.events.slice(1)).toEqual(["save without tokens", "remove"]);
  });

  it.each<FailureCode>(["recovery_key_wrong", "secret_storage_missing", "secrets_mismatch", "network_error"])(
    "revokes the tokens when the secrets can't be had: %s",
    async (code) => {
      const { homeserver, file, run } = setUp({
        openSecretStorage: () => Promise.reject(new Failure(code)),
      });
      expect((await run()).failure).toMatchObject({ code, details: { cleanup: "revoked" } });
      expect(homeserver.log).toContain("revoke access-1");
      expect(file.content).toBeUndefined();
    },
  );

  it("keeps the session unverified where that was asked for, but for security failures", async () => {
    const refuse = (code: FailureCode) => ({ openSecretStorage: () => Promise.reject(new Failure(code)) });
    const wrong = setUp({ ...refuse("recovery_key_wrong"), keepUnverified: true });
    expect((await wrong.run()).failure).toMatchObject({ code: "signed_in_unverified" });
    expect(wrong.file.content).toMatchObject({ state: "unverified" });
    const foreign = setUp({ ...refuse("secrets_mismatch"), keepUnverified: true });
    expect((await foreign.run()).failure).toMatchObject({ code: "secrets_mismatch" });
    expect(foreign.file.content).toBeUndefined();
  });

  it("asks nothing of secret storage in another user's name than the expected one", async () => {
    const { homeserver, run } = setUp({
      expectedUser: await expectedUser("@other:example.org", BASE_URL.href),
    });
    const { failure } = await run();
    expect(failure).toMatchObject({ code: "unexpected_user", details: { cleanup: "revoked" } });
    expect(homeserver.log).not.toContain("secret storage");
  });

  it("asks no other homeserver than the expected user's", async () => {
    const { homeserver, run } = setUp({ expectedUser: await expectedUser(USER, "https://hs.example/") });
    await expect(run()).rejects.toBeInstanceOf(TypeError);
    expect(homeserver.log).toEqual([]);
  });

  it("takes nobody for the expected user but whom the server name of the user was looked up for", async () => {
    const forged = { userId: USER, baseUrl: BASE_URL, agreesWith: () => true } as unknown as ExpectedUser;
    const { homeserver, run } = setUp({ expectedUser: forged });
    await expect(run()).rejects.toBeInstanceOf(TypeError);
    expect(homeserver.log).toEqual([]);
  });

  it.each([undefined, generateDeviceIdentityKeys()])(
    "keeps no secrets that aren't the account's, nor those of another master key",
    async (identityKeys) => {
      const cross_signing = newCrossSigningSecrets();
      const foreign = setUp({ identityKeys, openSecretStorage: async () => ({ cross_signing }) });
      expect((await foreign.run()).failure).toMatchObject({ code: "secrets_mismatch" });
      const other = setUp({ identityKeys, expectedMasterKey: "A".repeat(43) });
      expect((await other.run()).failure).toMatchObject({ code: "unexpected_master_key" });
      for (const { file } of [foreign, other]) {
        expect(file.content).toBeUndefined();
        expect(file.saved.every(({ secrets }) => secrets === undefined)).toBe(true);
      }
    },
  );

  it("gives a caller's own reason for aborting back, and cleans up before", async () => {
    const stop = new Error("enough");
    const all = setUp({
      openSecretStorage: async (_account, _userId, signal) => {
        all.stop.abort(stop);
        throw signal.reason;
      },
    });
    await expect(all.run()).rejects.toBe(stop);
    expect(all.homeserver.log).toContain("revoke access-1");
    expect(all.file.content).toBeUndefined();
  });
});

describe("a session whose device keys are deferred", () => {
  it("is undone where its checked secrets can't be saved", async () => {
    const { file, homeserver, run } = setUp({ identityKeys: undefined });
    file.fails = ({ state }) => (state === "complete" ? new Failure("file_error") : undefined);
    expect((await run()).failure).toMatchObject({ code: "file_error", details: { cleanup: "revoked" } });
    expect(homeserver.log).toContain("revoke access-1");
  });

  it("says nothing of the backup where the run was ended before that was looked at", async () => {
    const { homeserver, file, events, stop, run } = setUp({ identityKeys: undefined });
    const backupVersion = async () => {
      stop.abort(new Failure("interrupted"));
      throw stop.signal.reason;
    };
    homeserver.account = { backupVersion };
    expect(await run()).toMatchObject({ result: { deviceKeys: "deferred" } });
    expect(file.content).toMatchObject({ state: "complete" });
    expect(namesOf(events)).not.toContain("warning");
  });

  it("stays, whatever the check of its backup comes to", async () => {
    const { file, homeserver, events, run } = setUp({ identityKeys: undefined });
    homeserver.account = { backupVersion: () => Promise.reject(new Failure("network_error")) };
    expect(await run()).toHaveProperty("result");
    expect(events.at(-1)).toMatchObject({ event: "warning", code: "backup_mismatch" });
    expect(file.content).toMatchObject({ state: "complete" });
  });
});
