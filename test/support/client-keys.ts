import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { curve25519PublicKey, ed25519PublicKey, signJson } from "../../src/protocol/signatures.js";

/** The device keys that a client makes by itself: signed by the device, and by nobody else. */
export interface ClientKeys {
  readonly deviceKeys: JsonObject;
  readonly ed25519: string;
  readonly curve25519: string;
}

/** @param more keys beside the two that a device has */
export function clientKeys(userId: string, deviceId: string, more: JsonObject = {}): ClientKeys {
  const seed = randomBytes(32);
  const ed25519 = ed25519PublicKey(seed);
  const curve25519 = curve25519PublicKey(randomBytes(32));
  const unsigned: JsonObject = {
    user_id: userId,
    device_id: deviceId,
    algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
    keys: { [`curve25519:${deviceId}`]: curve25519, [`ed25519:${deviceId}`]: ed25519, ...more },
  };
  const signatures = { [userId]: { [`ed25519:${deviceId}`]: signJson(unsigned, seed) } };
  return { deviceKeys: { ...unsigned, signatures }, ed25519, curve25519 };
}
