import { describe, expect, it } from "vitest";
import { Secret } from "../../src/foundation/secret.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import {
  checkCrossSigningSecrets,
  isDeviceVerified,
  publicCrossSigningKeys,
} from "../../src/protocol/cross-signing.js";
import type { PublishedKeys } from "../../src/protocol/homeserver.js";
import {
  DEVICE,
  fullSession,
  newCrossSigningSecrets,
  publishedKeys,
  signedBy,
  USER,
} from "../support/sessions.js";

const session = fullSession();
const secrets = session.secrets.cross_signing;
const published = publishedKeys(session);
const unsigned = (object: JsonObject | undefined): JsonObject => ({ ...object, signatures: undefined });

describe("publicCrossSigningKeys", () => {
  it("gives the public half of a known seed (RFC 8032 §7.1, test 1)", () => {
    const seed = new Secret("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    expect(publicCrossSigningKeys({ ...secrets, master_key: seed }).master).toBe(
      "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    );
  });
});

describe("checkCrossSigningSecrets", () => {
  const check = (changes: Partial<PublishedKeys>, ours = secrets) => {
    checkCrossSigningSecrets(USER, ours, { ...published, ...changes });
  };
  const mismatch = expect.objectContaining({ code: "secrets_mismatch" });

  it("accepts the secrets of the published keys", () => {
    expect(() => check({})).not.toThrow();
  });

  it("accepts keys that were published with padding, over which they are signed", () => {
    const padded = (object: JsonObject = {}) => {
      const [key] = Object.values(object["keys"] ?? {});
      return { ...unsigned(object), keys: { [`ed25519:${key}=`]: `${key}=` } };
    };
    const byMaster = (object: JsonObject) => {
      const { signatures, ...rest } = signedBy(object, secrets.master_key) as { signatures: JsonObject };
      const ids = Object.entries((signatures[USER] ?? {}) as JsonObject);
      return { ...rest, signatures: { [USER]: Object.fromEntries(ids.map(([id, by]) => [`${id}=`, by])) } };
    };
    const odd = {
      masterKey: padded(published.masterKey),
      selfSigningKey: byMaster(padded(published.selfSigningKey)),
      userSigningKey: byMaster(padded(published.userSigningKey)),
    };
    expect(() => check(odd)).not.toThrow();
    const unsignedKey = { ...odd, selfSigningKey: padded(published.selfSigningKey) };
    expect(() => check(unsignedKey)).toThrow(mismatch);
  });

  it("says so when the account publishes no keys at all", () => {
    expect(() => checkCrossSigningSecrets(USER, secrets, { deviceKeys: {} })).toThrow(
      expect.objectContaining({ code: "cross_signing_missing" }),
    );
  });

  it.each(["master_key", "self_signing_key", "user_signing_key"] as const)("refuses another %s", (name) => {
    const other = { ...secrets, [name]: newCrossSigningSecrets()[name] };
    expect(() => check({}, other)).toThrow(mismatch);
  });

  it.each(["masterKey", "selfSigningKey", "userSigningKey"] as const)(
    "refuses an account that lacks its %s, or has nothing else",
    (name) => {
      const { [name]: _, ...rest } = published;
      expect(() => checkCrossSigningSecrets(USER, secrets, rest)).toThrow(mismatch);
      const alone = { deviceKeys: {}, [name]: published[name] };
      expect(() => checkCrossSigningSecrets(USER, secrets, alone)).toThrow(mismatch);
    },
  );

  it.each(["selfSigningKey", "userSigningKey"] as const)(
    "refuses a %s that the master key has not signed",
    (name) => {
      const object = unsigned(published[name]);
      expect(() => check({ [name]: object })).toThrow(mismatch);
      expect(() => check({ [name]: signedBy(object, secrets.self_signing_key) })).toThrow(mismatch);
      expect(() => check({ [name]: { ...published[name], usage: ["changed"] } })).toThrow(mismatch);
    },
  );

  it("refuses a key object that holds the right key beside another", () => {
    const keys = { ...(published.masterKey?.["keys"] as JsonObject), "ed25519:other": "other" };
    expect(() => check({ masterKey: { ...published.masterKey, keys } })).toThrow(mismatch);
  });

  it("refuses a master key whose ID is another key", () => {
    const [key = ""] = Object.values(published.masterKey?.["keys"] ?? {});
    expect(() => check({ masterKey: { ...published.masterKey, keys: { "ed25519:other": key } } })).toThrow(
      mismatch,
    );
  });

  it("refuses objects that canonical JSON can't hold", () => {
    expect(() => check({ selfSigningKey: { ...published.selfSigningKey, fraction: 0.5 } })).toThrow(mismatch);
  });
});

describe("isDeviceVerified", () => {
  const identity = (() => {
    const keys = published.deviceKeys[DEVICE]?.["keys"] as Record<string, string>;
    return { ed25519: `${keys[`ed25519:${DEVICE}`]}`, curve25519: `${keys[`curve25519:${DEVICE}`]}` };
  })();
  const isVerified = (changes: Partial<PublishedKeys>) =>
    isDeviceVerified(USER, DEVICE, identity, { ...published, ...changes });

  it("is true for a device that is signed by the self-signing key", () => {
    expect(isVerified({})).toBe(true);
    expect(isDeviceVerified(USER, DEVICE, undefined, published)).toBe(true);
  });

  it("is false for a device without keys, and for one without that signature", () => {
    expect(isVerified({ deviceKeys: {} })).toBe(false);
    expect(isVerified({ deviceKeys: { [DEVICE]: unsigned(published.deviceKeys[DEVICE]) } })).toBe(false);
  });

  it("is false when the self-signing key is not signed by the master key", () => {
    expect(isVerified({ selfSigningKey: unsigned(published.selfSigningKey) })).toBe(false);
  });

  it("is false for a device ID that only an object's prototype has", () => {
    expect(isDeviceVerified(USER, "constructor", undefined, published)).toBe(false);
  });

  it.each(["ed25519", "curve25519"] as const)("refuses a device with another %s key", (name) => {
    const other = { ...identity, [name]: identity.ed25519.replace(/^./, "_") };
    expect(() => isDeviceVerified(USER, DEVICE, other, published)).toThrow(
      expect.objectContaining({ code: "device_keys_mismatch" }),
    );
  });
});
