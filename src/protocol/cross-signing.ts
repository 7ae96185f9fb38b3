import { Failure } from "../foundation/failures.js";
import { unpadded } from "./base64.js";
import type { JsonObject } from "./canonical-json.js";
import type { DevicePublicKeys } from "./device-keys.js";
import type { PublishedKeys } from "./homeserver.js";
import { privateKeyBytes } from "./raw-keys.js";
import type { SecretsBundle } from "./secrets.js";
import { ed25519PublicKey, isSignedBy } from "./signatures.js";

/** The public halves of the three cross-signing keys, unpadded base64. */
export interface PublicCrossSigningKeys {
  readonly master: string;
  readonly selfSigning: string;
  readonly userSigning: string;
}

export function publicCrossSigningKeys(secrets: SecretsBundle["cross_signing"]): PublicCrossSigningKeys {
  return {
    master: ed25519PublicKey(privateKeyBytes(secrets.master_key)),
    selfSigning: ed25519PublicKey(privateKeyBytes(secrets.self_signing_key)),
    userSigning: ed25519PublicKey(privateKeyBytes(secrets.user_signing_key)),
  };
}

/**
 * Checks that the secrets are the account's: their public halves are the published keys, and the master key
 * has signed the self-signing and the user-signing key.
 * Source: MSC4108 §Secret sharing and device verification; specification, §Cross-signing.
 *
 * @throws {Failure} `cross_signing_missing` when the account publishes no keys, `secrets_mismatch`
 */
export function checkCrossSigningSecrets(
  userId: string,
  secrets: SecretsBundle["cross_signing"],
  published: PublishedKeys,
): void {
  const { masterKey, selfSigningKey, userSigningKey } = published;
  if (!masterKey && !selfSigningKey && !userSigningKey) throw new Failure("cross_signing_missing");
  const { master, selfSigning, userSigning } = publicCrossSigningKeys(secrets);
  const isOurs =
    holdsKey(masterKey, master) &&
    holdsKey(selfSigningKey, selfSigning) &&
    holdsKey(userSigningKey, userSigning) &&
    isSignedBy(selfSigningKey, userId, master, master) &&
    isSignedBy(userSigningKey, userId, master, master);
  if (!isOurs) throw new Failure("secrets_mismatch");
}

/**
 * Whether the homeserver shows this device as verified: its keys are signed by the published self-signing
 * key, and that by the published master key.
 *
 * @param identity the public halves of the device's own keys, where they are known
 * @throws {Failure} `device_keys_mismatch` when other keys than these are published for the device
 */
export function isDeviceVerified(
  userId: string,
  deviceId: string,
  identity: DevicePublicKeys | undefined,
  published: PublishedKeys,
): boolean {
  const deviceKeys = Object.hasOwn(published.deviceKeys, deviceId)
    ? published.deviceKeys[deviceId]
    : undefined;
  if (!deviceKeys) return false;
  const { masterKey, selfSigningKey } = published;
  if (identity) {
    const keys = deviceKeys["keys"] as JsonObject | undefined;
    const isSame = (["ed25519", "curve25519"] as const).every((algorithm) => {
      const key = keys?.[`${algorithm}:${deviceId}`];
      return typeof key === "string" && unpadded(key) === identity[algorithm];
    });
    if (!isSame) throw new Failure("device_keys_mismatch");
  }
  const master = onlyKey(masterKey);
  const selfSigning = onlyKey(selfSigningKey);
  return (
    selfSigningKey !== undefined &&
    master !== undefined &&
    selfSigning !== undefined &&
    isSignedBy(selfSigningKey, userId, master, master) &&
    isSignedBy(deviceKeys, userId, selfSigning, selfSigning)
  );
}

/**
 * A cross-signing key object has one key, whose ID is the key itself (specification, §Cross-signing); some clients
 * have published both with padding.
 */
function onlyKey(object: JsonObject | undefined): string | undefined {
  const keys = Object.entries((object?.["keys"] ?? {}) as JsonObject);
  const [id, key] = keys[0] ?? [];
  if (keys.length !== 1 || typeof key !== "string" || id === undefined) return undefined;
  return unpadded(id) === `ed25519:${unpadded(key)}` ? unpadded(key) : undefined;
}

function holdsKey(object: JsonObject | undefined, publicKey: string): object is JsonObject {
  return onlyKey(object) === publicKey;
}
