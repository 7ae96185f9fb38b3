import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { isDeviceVerified } from "../../src/protocol/cross-signing.js";
import type { AccountHomeserver } from "../../src/protocol/homeserver.js";
import type { StoredSession } from "../../src/session/session-file.js";
import { type Recognize, signDevice } from "../../src/session/sign-device.js";
import { SessionStore } from "../../src/session/store.js";
import { type ClientKeys, clientKeys } from "../support/client-keys.js";
import { expectFailure } from "../support/failures.js";
import { fakeAccount } from "../support/fake-account.js";
import { FakeClock } from "../support/fake-clock.js";
import {
  DEVICE,
  fullSession,
  newCrossSigningSecrets,
  publishedKeys,
  signedBy,
  temporaryDirectory,
  USER,
} from "../support/sessions.js";

const { signal } = new AbortController();

/** A deferred session, whose client has uploaded these keys. */
async function setUp(keys: Pick<ClientKeys, "deviceKeys"> | undefined, changes: Partial<StoredSession> = {}) {
  const session = fullSession();
  const { device_keys: _, ...deferred } = session;
  const directory = await temporaryDirectory();
  const store = new SessionStore(directory);
  const path = join(directory, "bot.json");
  await store.create(path, { ...deferred, state: "complete", device_keys_state: "deferred", ...changes });
  const deviceKeys: Record<string, JsonObject> = keys ? { [DEVICE]: keys.deviceKeys } : {};
  const asked: string[] = [];
  const published = () => ({ ...publishedKeys(session), deviceKeys: { ...deviceKeys } });
  const answers: Partial<AccountHomeserver> = {
    queryKeys: async () => published(),
    uploadSignature: async (userId, deviceId, signed) => {
      asked.push(`${userId} ${deviceId}`);
      const known = deviceKeys[deviceId] ?? {};
      const bySigner = { ...signaturesOf(known), ...signaturesOf(signed) };
      deviceKeys[deviceId] = { ...known, signatures: { [USER]: bySigner } };
    },
  };
  const clock = new FakeClock();
  const questions: string[] = [];
  const asking = (answer: boolean): Recognize => ({
    by: "asking",
    ask: async ({ ed25519 }) => {
      questions.push(ed25519);
      return answer;
    },
  });
  const sign = (recognize: Recognize, others: Partial<AccountHomeserver> = {}) => {
    const homeserver = fakeAccount(published(), { ...answers, ...others });
    return clock.runUntil(signDevice({ store, path, homeserver }, recognize, clock, signal));
  };
  const show = ({ deviceKeys: shown }: ClientKeys) => {
    deviceKeys[DEVICE] = shown;
  };
  return { session, store, path, asked, questions, published, asking, sign, show };
}

function signaturesOf(object: JsonObject): JsonObject {
  const signatures = object["signatures"] as JsonObject | undefined;
  return (signatures?.[USER] ?? {}) as JsonObject;
}

const YES = { by: "fingerprint" } as const;

describe("signing the device keys of a client", () => {
  it("asks a person about the fingerprint, signs, and keeps the identity instead of private keys", async () => {
    const keys = clientKeys(USER, DEVICE);
    const { store, path, questions, published, asking, sign } = await setUp(keys);
    const { ed25519, curve25519 } = keys;
    expect(await sign(asking(true))).toEqual({ ed25519, curve25519 });
    expect(questions).toEqual([ed25519]);
    expect(isDeviceVerified(USER, DEVICE, { ed25519, curve25519 }, published())).toBe(true);
    const session = await store.read(path);
    expect(session).toMatchObject({
      state: "complete",
      device_keys_state: "signed",
      device_identity: { ed25519, curve25519 },
    });
    expect(session).not.toHaveProperty("device_keys");
  });

  it("asks nobody about keys that the client has signed itself with the account's key", async () => {
    const keys = clientKeys(USER, DEVICE);
    const { session, store, path, asked, questions, asking, sign, show } = await setUp(keys);
    const { self_signing_key } = session.secrets.cross_signing;
    show({ ...keys, deviceKeys: signedBy(keys.deviceKeys, self_signing_key) });
    await sign(asking(false));
    expect([asked, questions]).toEqual([[], []]);
    expect(await store.read(path)).toMatchObject({ device_keys_state: "signed" });
  });

  it("signs nothing that a person doesn't recognize", async () => {
    const { store, path, asked, asking, sign } = await setUp(clientKeys(USER, DEVICE));
    await expectFailure("user_cancelled", () => sign(asking(false)));
    expect(asked).toEqual([]);
    expect(await store.read(path)).toMatchObject({ device_keys_state: "deferred" });
  });

  it("asks nobody where the fingerprint is given, and refuses another one", async () => {
    const keys = clientKeys(USER, DEVICE);
    const { asked, sign } = await setUp(keys);
    const other = { ...YES, ed25519: clientKeys(USER, DEVICE).ed25519 };
    expect((await expectFailure("device_keys_mismatch", () => sign(other))).kind).toBe("security");
    expect(asked).toEqual([]);
    expect(await sign({ ...YES, ed25519: keys.ed25519 })).toMatchObject({ ed25519: keys.ed25519 });
    expect(asked).toEqual([`${USER} ${DEVICE}`]);
  });

  it("signs the same identity again without a question, and a second one only by its fingerprint", async () => {
    const [first, second] = [clientKeys(USER, DEVICE), clientKeys(USER, DEVICE)];
    const { asked, questions, asking, sign, show } = await setUp(first);
    await sign(asking(true));
    show(first);
    await sign(asking(false));
    expect([questions.length, asked.length]).toEqual([1, 2]);
    show(second);
    await expectFailure("device_keys_mismatch", () => sign(asking(true)));
    expect([questions.length, asked.length]).toEqual([1, 2]);
    await sign({ ...YES, ed25519: second.ed25519 });
    expect(asked.length).toBe(3);
  });

  it("has the identity on disk before its signature is sent", async () => {
    const [first, second] = [clientKeys(USER, DEVICE), clientKeys(USER, DEVICE)];
    const { store, path, asking, sign, show } = await setUp(first);
    const lost = { uploadSignature: () => Promise.reject(new Failure("network_error")) };
    await expectFailure("network_error", () => sign(asking(true), lost));
    expect(await store.read(path)).toMatchObject({
      device_keys_state: "deferred",
      device_identity: { ed25519: first.ed25519 },
    });
    show(second);
    await expectFailure("device_keys_mismatch", () => sign(asking(true)));
  });

  it("believes /keys/query, and no answer to the upload", async () => {
    const { asking, sign, store, path } = await setUp(clientKeys(USER, DEVICE));
    await expectFailure("signature_not_shown", () => sign(asking(true), { uploadSignature: async () => {} }));
    expect(await store.read(path)).toMatchObject({ device_keys_state: "deferred" });
  });

  it("goes on where the upload's answer was lost and the homeserver shows the signature", async () => {
    const keys = clientKeys(USER, DEVICE);
    const all = await setUp(keys);
    await all.sign(all.asking(true));
    const again = { uploadSignature: () => Promise.reject(new Failure("network_error")) };
    expect(await all.sign(all.asking(true), again)).toMatchObject({ ed25519: keys.ed25519 });
  });

  it("has nothing to sign before the client has uploaded its keys", async () => {
    const { asking, sign } = await setUp(undefined);
    expect((await expectFailure("device_keys_missing", () => sign(asking(true)))).kind).toBe("unverified");
  });

  it.each<[what: string, change: (keys: JsonObject) => JsonObject]>([
    ["another device's", (keys) => ({ ...keys, device_id: "OTHERDEVICE" })],
    ["another user's", (keys) => ({ ...keys, user_id: "@mallory:example.org" })],
    ["not signed by the device", ({ signatures: _, ...keys }) => keys],
    ["changed since the device signed them", (keys) => ({ ...keys, algorithms: [] })],
    ["none at all", (keys) => ({ ...keys, keys: {} })],
  ])("refuses keys that are %s", async (_what, change) => {
    const { deviceKeys } = clientKeys(USER, DEVICE);
    const { asked, questions, asking, sign } = await setUp({ deviceKeys: change(deviceKeys) });
    expect((await expectFailure("device_keys_invalid", () => sign(asking(true)))).kind).toBe("security");
    expect([asked, questions]).toEqual([[], []]);
  });

  it("needs the account's own secrets", async () => {
    const { secrets: _, ...without } = fullSession();
    const none = await setUp(clientKeys(USER, DEVICE), { ...without });
    await none.store.update(none.path, { secrets: undefined });
    await expectFailure("secrets_missing", () => none.sign(none.asking(true)));
    const secrets = { cross_signing: newCrossSigningSecrets() };
    const foreign = await setUp(clientKeys(USER, DEVICE), { secrets });
    await expectFailure("secrets_mismatch", () => foreign.sign(foreign.asking(true)));
  });
});
