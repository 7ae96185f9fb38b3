import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../src/foundation/failure-kinds.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { TOKENS } from "../support/memory-homeserver.js";
import { USER } from "../support/sessions.js";
import { KEPT, signInAttempt } from "../support/sign-in-attempt.js";

const isTrulyUp = { state: "unconfirmed", deviceKeysState: "uploaded", userId: USER } as const;

const { signal } = new AbortController();

describe("an attempt that goes well", () => {
  it("has no tokens before they are granted", () => {
    expect(() => signInAttempt().attempt.tokens).toThrow("No tokens");
  });

  it("keeps renewed tokens, alone among all who use the file", async () => {
    const { begin, attempt, file } = signInAttempt();
    await begin();
    const renewed = { accessToken: new Secret("access-2"), refreshToken: new Secret("refresh-2") };
    const { save, exclusively } = attempt.renewal;
    await exclusively(signal, async (newest) => {
      expect(newest).toEqual(TOKENS);
      await save(renewed);
    });
    expect(attempt.tokens).toEqual(renewed);
    expect(file.content).toMatchObject({ state: "incomplete", tokens: renewed });
  });

  it("ends with its checked secrets where its device keys are left to another client, for good", async () => {
    const { begin, attempt, file, homeserver, undo } = signInAttempt({ defersKeys: true });
    await begin();
    expect(file.content).toMatchObject({ deviceKeysState: "deferred" });
    await attempt.completeWith(homeserver.secrets, signal);
    const complete = { state: "complete", deviceKeysState: "deferred", secrets: homeserver.secrets };
    expect(file.content).toMatchObject(complete);
    expect((await undo("network_error")).details).toMatchObject({ cleanup: "none", ...KEPT });
    expect(file.content).toMatchObject(complete);
  });
});

describe("--keep-unverified", () => {
  async function signedIn() {
    const all = signInAttempt({ keepUnverified: true });
    await all.begin();
    await all.attempt.keep({ userId: USER });
    return all;
  }

  it.each<FailureCode>([
    "rendezvous_gone",
    "rendezvous_expired",
    "other_device_failed",
    "other_device_cancelled",
    "unexpected_message",
    "network_error",
    "timed_out",
  ])("keeps a session whose secrets never came: %s", async (code) => {
    const { undo, file, homeserver } = await signedIn();
    const failure = await undo(code);
    expect(failure).toMatchObject({
      code: "signed_in_unverified",
      kind: "unverified",
      details: { cleanup: "none", ...KEPT },
    });
    expect(failure.message).toContain(new Failure(code).message);
    expect(file.content).toMatchObject({ state: "unverified", userId: USER });
    expect(homeserver.log).not.toContain("revoke access-1");
  });

  it.each<FailureCode>([
    "message_not_authentic",
    "concurrent_write",
    "unexpected_user",
    "unexpected_master_key",
    "secrets_mismatch",
    "url_refused",
    "interrupted",
    "hangup",
    "terminated",
    "user_cancelled",
  ])("keeps none after %s", async (code) => {
    const { undo, homeserver } = await signedIn();
    expect(await undo(code)).toMatchObject({ code, details: { cleanup: "revoked" } });
    expect(homeserver.log).toContain("revoke access-1");
  });

  it("keeps none whose secrets came", async () => {
    const { undo, attempt } = await signedIn();
    attempt.noteSecrets();
    expect(await undo("network_error")).toMatchObject({
      code: "network_error",
      details: { cleanup: "revoked" },
    });
  });

  it("keeps none of a user that isn't known", async () => {
    const { begin, undo } = signInAttempt({ keepUnverified: true });
    await begin();
    expect(await undo("network_error")).toMatchObject({ details: { cleanup: "revoked" } });
  });

  it("keeps none that can't be saved as unverified", async () => {
    const { undo, file } = await signedIn();
    file.fails = ({ state }) => (state === "unverified" ? new Failure("file_error") : undefined);
    expect(await undo("rendezvous_gone")).toMatchObject({
      code: "rendezvous_gone",
      details: { cleanup: "revoked" },
    });
  });
});

describe("an attempt that fails past the point of no return", () => {
  async function uploaded(options = {}) {
    const all = signInAttempt(options);
    await all.begin();
    await all.attempt.keep({ userId: USER });
    await all.attempt.passPointOfNoReturn(signal);
    return all;
  }

  it("was saved as unconfirmed before that point", async () => {
    const { file } = await uploaded();
    expect(file.content).toMatchObject(isTrulyUp);
  });

  it.each<FailureCode>([
    "network_error",
    "server_error",
    "timed_out",
    "session_unconfirmed",
    "session_dead",
    "internal_error",
  ])("keeps the session as unconfirmed, whatever it was: %s", async (code) => {
    const { undo, file, homeserver } = await uploaded();
    const failure = await undo(code);
    expect(failure).toMatchObject({
      code: "session_unconfirmed",
      kind: "network",
      details: { cleanup: "none", ...KEPT },
    });
    expect(failure.hint).toContain("Check the session");
    const { message } = new Failure("session_unconfirmed");
    const isSaid = code === "session_unconfirmed";
    expect(failure.message).toBe(isSaid ? message : `${message} ${new Failure(code).message}`);
    expect(failure.cause).toMatchObject({ code });
    expect(file.content).toMatchObject(isTrulyUp);
    expect(homeserver.log).not.toContain("revoke access-1");
  });

  it.each<[FailureCode, FailureKind]>([
    ["hangup", "signal"],
    ["interrupted", "signal"],
    ["terminated", "signal"],
    ["file_error", "local"],
  ])("ends as %s, of the kind %s, and keeps the session all the same", async (code, kind) => {
    const { undo, file } = await uploaded();
    expect(await undo(code)).toMatchObject({ code, kind, details: { cleanup: "none", ...KEPT } });
    expect(file.content).toMatchObject(isTrulyUp);
  });

  it.each([false, true])(
    "revokes where the homeserver shows other keys (--keep-unverified: %s)",
    async (keepUnverified) => {
      const { undo, file } = await uploaded({ keepUnverified });
      const failure = await undo("device_keys_mismatch");
      expect(failure).toMatchObject({
        code: "device_keys_mismatch",
        kind: "security",
        details: { cleanup: "revoked" },
      });
      expect(file.content).toBeUndefined();
    },
  );

  it("is before that point where it was stopped before the upload could be sent", async () => {
    const { begin, attempt, undo } = signInAttempt();
    await begin();
    const stop = AbortSignal.abort(new Failure("interrupted"));
    await expect(attempt.passPointOfNoReturn(stop)).rejects.toMatchObject({ code: "interrupted" });
    expect(await undo("interrupted")).toMatchObject({ kind: "signal", details: { cleanup: "revoked" } });
  });

  it("is before that point where the file couldn't be saved so", async () => {
    const { begin, attempt, file, undo } = signInAttempt();
    await begin();
    file.fails = ({ state }) => (state === "unconfirmed" ? new Failure("file_error") : undefined);
    await expect(attempt.passPointOfNoReturn(signal)).rejects.toMatchObject({ code: "file_error" });
    expect(await undo("file_error")).toMatchObject({ kind: "local", details: { cleanup: "revoked" } });
  });
});
