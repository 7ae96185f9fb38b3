import { type DevicePublicKeys, publicIdentityKeys } from "../protocol/device-keys.js";
import type { StoredSession } from "./session-file.js";

/**
 * The public keys that a session's device is known by here: those that the sign-in has uploaded, or those of the client
 * that took it over, once they are signed.
 */
export function knownIdentity({
  device_keys,
  device_identity,
}: Pick<StoredSession, "device_keys" | "device_identity">): DevicePublicKeys | undefined {
  return device_identity ?? (device_keys && publicIdentityKeys(device_keys));
}

/** Whether two devices, or two states of one, are known by the same public keys. */
export function isSameIdentity(a: DevicePublicKeys, b: DevicePublicKeys): boolean {
  return a.ed25519 === b.ed25519 && a.curve25519 === b.curve25519;
}
