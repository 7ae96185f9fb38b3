import { describe, expect, it } from "vitest";
import { revealed, Secret } from "../../src/foundation/secret.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { isDeviceVerified, publicCrossSigningKeys } from "../../src/protocol/cross-signing.js";
import {
  generateDeviceId,
  generateDeviceIdentityKeys,
  isUsableDeviceId,
  publicIdentityKeys,
  signedDeviceKeys,
} from "../../src/protocol/device-keys.js";
import { isSignedBy } from "../../src/protocol/signatures.js";
import { newCrossSigningSecrets, USER } from "../support/sessions.js";

const DEVICE = "DEVICE+ID/1";

describe("a new device", () => {
  it("has an ID of ten letters, which Matrix Authentication Service needs, and another one each time", () => {
    const ids = Array.from({ length: 100 }, generateDeviceId);
    for (const id of ids) expect(id).toMatch(/^[A-Z]{10}$/);
    expect(new Set(ids).size).toBe(100);
  });

  it.each([
    ["ABCDEFGHIJ", true],
    [DEVICE.padEnd(255, "x"), true],
    ["ABCDEFGHI", false],
    ["x".repeat(256), false],
    ["my new laptop", false],
    ["ABCDEFGHI\u00c4", false],
  ])("may have the ID %j: %s", (id, isUsable) => {
    expect(isUsableDeviceId(id)).toBe(isUsable);
  });

  it("has identity keys of its own, which are two", () => {
    const [one, other] = [generateDeviceIdentityKeys(), generateDeviceIdentityKeys()];
    expect(new Set(revealed([one.ed25519, one.curve25519, other.ed25519, other.curve25519])).size).toBe(4);
  });
});

describe("the halves of a device's keys", () => {
  const privateKeys = generateDeviceIdentityKeys();
  const publicKeys = publicIdentityKeys(privateKeys);
  const { self_signing_key } = newCrossSigningSecrets();

  it("can't be handed over for each other", () => {
    // @ts-expect-error: nobody signs with a public key.
    expect(() => signedDeviceKeys(USER, DEVICE, publicKeys, self_signing_key)).toThrow(TypeError);
    // @ts-expect-error: a public key has no public half.
    expect(() => publicIdentityKeys(publicKeys)).toThrow(TypeError);
    const keys = {
      [`curve25519:${DEVICE}`]: publicKeys.curve25519,
      [`ed25519:${DEVICE}`]: publicKeys.ed25519,
    };
    const published = { deviceKeys: { [DEVICE]: { keys } } };
    expect(isDeviceVerified(USER, DEVICE, publicKeys, published)).toBe(false);
    // @ts-expect-error: what a homeserver publishes is public.
    expect(() => isDeviceVerified(USER, DEVICE, privateKeys, published)).toThrow("different keys");
  });
});

describe("the device keys to upload", () => {
  const identity = generateDeviceIdentityKeys();
  const secrets = newCrossSigningSecrets();
  const deviceKeys = signedDeviceKeys(USER, DEVICE, identity, secrets.self_signing_key);
  const { ed25519, curve25519 } = publicIdentityKeys(identity);
  const { selfSigning } = publicCrossSigningKeys(secrets);

  it("are those of the user's device, with the public halves only", () => {
    expect(deviceKeys).toMatchObject({
      user_id: USER,
      device_id: DEVICE,
      algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
      keys: { [`curve25519:${DEVICE}`]: curve25519, [`ed25519:${DEVICE}`]: ed25519 },
    });
    const text = JSON.stringify(deviceKeys);
    for (const secret of revealed([...Object.values(identity), ...Object.values(secrets)])) {
      expect(text).not.toContain(secret);
    }
  });

  it("are signed by the device and by the self-signing key, and by nobody else", () => {
    expect(isSignedBy(deviceKeys, USER, DEVICE, ed25519)).toBe(true);
    expect(isSignedBy(deviceKeys, USER, selfSigning, selfSigning)).toBe(true);
    const signatures = deviceKeys["signatures"] as JsonObject;
    expect(Object.keys(signatures)).toEqual([USER]);
    expect(Object.keys(signatures[USER] as JsonObject)).toHaveLength(2);
  });

  it("aren't made of a key that is none, and what is said of it doesn't quote it", () => {
    const damaged = { ...identity, ed25519: new Secret("c2VjcmV0") };
    const make = () => signedDeviceKeys(USER, DEVICE, damaged, secrets.self_signing_key);
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow(/c2VjcmV0/);
  });
});
