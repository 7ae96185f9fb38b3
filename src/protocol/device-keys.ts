import { randomBytes, randomInt } from "node:crypto";
import { Secret } from "../foundation/secret.js";
import { encodeBase64 } from "./base64.js";
import type { JsonObject } from "./canonical-json.js";
import { privateKeyBytes } from "./raw-keys.js";
import { curve25519PublicKey, ed25519PublicKey, signJson } from "./signatures.js";

/** The private halves of a device's identity keys, unpadded base64 of 32 bytes each. */
export interface DevicePrivateKeys {
  readonly ed25519: Secret;
  readonly curve25519: Secret;
}

/** The public halves of a device's identity keys, unpadded base64 of 32 bytes each. */
export interface DevicePublicKeys {
  readonly ed25519: string;
  readonly curve25519: string;
}

/** MAS takes shorter ones, and its consent page then breaks: nobody would ever consent. */
const DEVICE_ID_LENGTH = 10;
const DEVICE_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** What fits into a scope (RFC 6749 §3.3) and into a URL without more ado, and is taken by MAS. */
const DEVICE_ID = /^[A-Za-z0-9._~!$&'()*+,;=:@/-]{10,255}$/;

/** Whether a new device can sign in under that ID. Other clients' IDs may be others. */
export function isUsableDeviceId(text: string): boolean {
  return DEVICE_ID.test(text);
}

/** A device ID that nobody can predict: MSC4108 §Device ID confusion rests on that. */
export function generateDeviceId(): string {
  return Array.from({ length: DEVICE_ID_LENGTH }, () =>
    DEVICE_ID_LETTERS.charAt(randomInt(DEVICE_ID_LETTERS.length)),
  ).join("");
}

/** Both an Ed25519 seed (RFC 8032 §5.1.5) and an X25519 private key (RFC 7748 §5) are 32 random bytes. */
export function generateDeviceIdentityKeys(): DevicePrivateKeys {
  const generate = () => new Secret(encodeBase64(randomBytes(32)));
  return { ed25519: generate(), curve25519: generate() };
}

/** The public halves of a device's identity keys, unpadded base64. */
export function publicIdentityKeys(keys: DevicePrivateKeys): DevicePublicKeys {
  return {
    ed25519: ed25519PublicKey(privateKeyBytes(keys.ed25519)),
    curve25519: curve25519PublicKey(privateKeyBytes(keys.curve25519)),
  };
}

/**
 * The `device_keys` of `/keys/upload`, signed by the device itself and by the self-signing key: one upload
 * shows a device that was verified from the start.
 * Source: MSC4108 §Secret sharing and device verification, step 3.
 *
 * @param selfSigningKey the private self-signing key, unpadded base64 of 32 bytes
 */
export function signedDeviceKeys(
  userId: string,
  deviceId: string,
  privateKeys: DevicePrivateKeys,
  selfSigningKey: Secret,
): JsonObject {
  const { ed25519, curve25519 } = publicIdentityKeys(privateKeys);
  const deviceKeys = {
    user_id: userId,
    device_id: deviceId,
    algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
    keys: { [`curve25519:${deviceId}`]: curve25519, [`ed25519:${deviceId}`]: ed25519 },
  };
  const selfSigningSeed = privateKeyBytes(selfSigningKey);
  return {
    ...deviceKeys,
    signatures: {
      [userId]: {
        [`ed25519:${deviceId}`]: signJson(deviceKeys, privateKeyBytes(privateKeys.ed25519)),
        [`ed25519:${ed25519PublicKey(selfSigningSeed)}`]: signJson(deviceKeys, selfSigningSeed),
      },
    },
  };
}
