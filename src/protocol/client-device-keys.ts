import { Failure } from "../foundation/failures.js";
import { isJsonObject } from "../foundation/json.js";
import type { Secret } from "../foundation/secret.js";
import { decodeBase64, unpadded } from "./base64.js";
import type { JsonObject } from "./canonical-json.js";
import type { DevicePublicKeys } from "./device-keys.js";
import type { PublishedKeys } from "./homeserver.js";
import { privateKeyBytes } from "./raw-keys.js";
import { ed25519PublicKey, isSignedBy, signJson } from "./signatures.js";

/** Device keys that a client has made and uploaded by itself, for a device that was signed in here. */
export interface ClientDeviceKeys {
  /** The public halves. */
  readonly identity: DevicePublicKeys;
  /** What is published of the device, with the signatures it has so far. */
  readonly deviceKeys: JsonObject;
}

const KEY_BYTES = 32;

/**
 * Takes a device's keys out of what its homeserver publishes (specification, §Device keys).
 *
 * @throws {Failure} `device_keys_missing`; `device_keys_invalid` where they are not this device's, or not signed by it
 */
export function clientDeviceKeys(
  userId: string,
  deviceId: string,
  published: PublishedKeys,
): ClientDeviceKeys {
  const deviceKeys = Object.hasOwn(published.deviceKeys, deviceId)
    ? published.deviceKeys[deviceId]
    : undefined;
  if (!deviceKeys) throw new Failure("device_keys_missing");
  const keys = isJsonObject(deviceKeys["keys"]) ? deviceKeys["keys"] : {};
  const ed25519 = keys[`ed25519:${deviceId}`];
  const curve25519 = keys[`curve25519:${deviceId}`];
  const isTheDevices = deviceKeys["user_id"] === userId && deviceKeys["device_id"] === deviceId;
  if (
    !isTheDevices ||
    !isPublicKey(ed25519) ||
    !isPublicKey(curve25519) ||
    !isSignedBy(deviceKeys, userId, deviceId, ed25519)
  ) {
    throw new Failure("device_keys_invalid");
  }
  return { identity: { ed25519: unpadded(ed25519), curve25519: unpadded(curve25519) }, deviceKeys };
}

/**
 * What /keys/signatures/upload takes for a device: its keys with one signature, by the self-signing key
 * (specification, §Cross-signing).
 *
 * @param selfSigningKey the private self-signing key, unpadded base64
 */
export function deviceSignature(
  userId: string,
  { signatures: _signatures, unsigned: _unsigned, ...deviceKeys }: JsonObject,
  selfSigningKey: Secret,
): JsonObject {
  const seed = privateKeyBytes(selfSigningKey);
  const signature = signJson(deviceKeys, seed);
  return { ...deviceKeys, signatures: { [userId]: { [`ed25519:${ed25519PublicKey(seed)}`]: signature } } };
}

function isPublicKey(key: unknown): key is string {
  return typeof key === "string" && decodeBase64(key)?.length === KEY_BYTES;
}
