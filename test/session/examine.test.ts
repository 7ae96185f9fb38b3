import { describe, expect, it } from "vitest";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { examineSession, worstOf } from "../../src/session/examine.js";
import { expectFailure } from "../support/failures.js";
import { fakeAccount } from "../support/fake-account.js";
import { FakeClock } from "../support/fake-clock.js";
import { MemoryHomeserver } from "../support/memory-homeserver.js";
import { fullSession, publishedKeys } from "../support/sessions.js";

const controller = new AbortController();
const { signal } = controller;
const { secrets, backup } = new MemoryHomeserver(new FakeClock());
const session = { ...fullSession(), secrets };
const fails = (code: FailureCode) => () => Promise.reject(new Failure(code));
const answers = { deviceExists: async () => true, backupVersion: async () => backup };

const examine = (changes: object = {}, different: object = {}) =>
  examineSession(
    { ...session, ...changes },
    fakeAccount(publishedKeys(session), { ...answers, ...different }),
    signal,
  );
const statesOf = async (...args: Parameters<typeof examine>) =>
  (await examine(...args)).map(({ check, state }) => `${check}: ${state}`);
const worstCode = async (...args: Parameters<typeof examine>) => worstOf(await examine(...args))?.code;

describe("examineSession", () => {
  it("finds nothing wrong with a session that is as it should be", async () => {
    expect(await statesOf()).toEqual(["token: ok", "device: ok", "secrets: ok", "backup: ok"]);
    expect(await worstCode()).toBeUndefined();
  });

  it("asks nothing more with a token that is not good, or another user's", async () => {
    for (const whoami of [fails("session_dead"), async () => ({ userId: "@other:example.org" })]) {
      const unasked = { queryKeys: undefined, deviceExists: undefined, backupVersion: undefined };
      const states = await statesOf({}, { ...unasked, whoami });
      expect(states).toEqual(["token: failed", "device: none", "secrets: none", "backup: none"]);
    }
  });

  it("tells a device that isn't verified from one that is gone", async () => {
    const unpublished = { queryKeys: async () => ({ ...publishedKeys(session), deviceKeys: {} }) };
    expect(await worstCode({}, unpublished)).toBe("signed_in_unverified");
    const gone = { ...unpublished, deviceExists: async () => false };
    expect(await worstCode({}, gone)).toBe("session_dead");
  });

  it("needs neither secrets nor device keys", async () => {
    const none = ["token: ok", "device: ok", "secrets: none", "backup: none"];
    expect(await statesOf({ secrets: undefined, device_keys: undefined })).toEqual(none);
  });

  it("takes other device keys than those of the session for a matter of security", async () => {
    const { device_keys } = fullSession();
    expect(worstOf(await examine({ device_keys }))).toMatchObject({
      code: "device_keys_mismatch",
      kind: "security",
    });
  });

  it("looks at each aspect, whatever came out of the others", async () => {
    const different = { queryKeys: fails("network_error"), backupVersion: async () => undefined };
    const states = ["token: ok", "device: failed", "secrets: failed", "backup: warning"];
    expect(await statesOf({}, different)).toEqual(states);
  });

  it.each<[expected: FailureCode, changes: object, different: object]>([
    ["secrets_mismatch", { secrets: fullSession().secrets }, { backupVersion: fails("network_error") }],
    [
      "secrets_mismatch",
      { secrets: fullSession().secrets },
      { queryKeys: async () => ({ ...publishedKeys(session), deviceKeys: {} }) },
    ],
    [
      "cross_signing_missing",
      { device_keys: undefined },
      { queryKeys: async () => ({ deviceKeys: {} }), backupVersion: fails("network_error") },
    ],
    [
      "network_error",
      {},
      {
        queryKeys: async () => ({ ...publishedKeys(session), deviceKeys: {} }),
        backupVersion: fails("network_error"),
      },
    ],
  ])("calls the worst %s: exit 5, then 9, 7, 8", async (code, changes, different) => {
    expect(await worstCode(changes, different)).toBe(code);
  });

  it("passes on what is no finding", async () => {
    await expectFailure("internal_error", () =>
      examine({}, { backupVersion: () => Promise.reject(new Error("a bug")) }),
    );
    controller.abort(new Failure("interrupted"));
    await expectFailure("interrupted", () => examine({}, { whoami: fails("network_error") }));
  });
});
