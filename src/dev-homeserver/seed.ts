import { randomBytes, randomInt } from "node:crypto";
import { type Revealed, revealed, Secret } from "../foundation/secret.js";
import { encodeBase64 } from "../protocol/base64.js";
import type { JsonObject } from "../protocol/canonical-json.js";
import {
  type DevicePrivateKeys,
  generateDeviceId,
  generateDeviceIdentityKeys,
  signedDeviceKeys,
} from "../protocol/device-keys.js";
import type { SecretsBundleJson } from "../protocol/secrets.js";
import { curve25519PublicKey, ed25519PublicKey, signJson } from "../protocol/signatures.js";
import type { CrossSigning } from "./client-server/cross-signing.js";
import type { KeyBackup } from "./client-server/key-backup.js";

/** Without those that look like others. */
const EASY_LETTERS = "abcdefghjkmnpqrstuvwxyz";
const BACKUP_ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";

/** The account's keys, published and private, as a client would have set them up. */
export interface SeededKeys {
  readonly crossSigning: CrossSigning;
  readonly backup: KeyBackup;
  readonly secrets: SecretsBundleJson;
}

/** A device that is verified already, with its private keys. */
export interface SeededDevice {
  readonly deviceId: string;
  readonly deviceKeys: JsonObject;
  readonly privateKeys: Revealed<DevicePrivateKeys>;
}

interface SigningKey {
  readonly seed: Buffer;
  readonly publicKey: string;
}

export function seedKeys(userId: string): SeededKeys & { readonly selfSigning: SigningKey } {
  const master = newSigningKey();
  const selfSigning = newSigningKey();
  const userSigning = newSigningKey();
  const backupKey = randomBytes(32);

  const byMaster = (object: JsonObject): JsonObject => ({
    ...object,
    signatures: { [userId]: { [`ed25519:${master.publicKey}`]: signJson(object, master.seed) } },
  });
  const keyObject = (usage: string, { publicKey }: SigningKey): JsonObject => ({
    user_id: userId,
    usage: [usage],
    keys: { [`ed25519:${publicKey}`]: publicKey },
  });

  return {
    crossSigning: {
      masterKey: keyObject("master", master),
      selfSigningKey: byMaster(keyObject("self_signing", selfSigning)),
      userSigningKey: byMaster(keyObject("user_signing", userSigning)),
    },
    backup: {
      algorithm: BACKUP_ALGORITHM,
      auth_data: byMaster({ public_key: curve25519PublicKey(backupKey) }),
    },
    secrets: {
      cross_signing: {
        master_key: encodeBase64(master.seed),
        self_signing_key: encodeBase64(selfSigning.seed),
        user_signing_key: encodeBase64(userSigning.seed),
      },
      backup: { algorithm: BACKUP_ALGORITHM, key: encodeBase64(backupKey), backup_version: "1" },
    },
    selfSigning,
  };
}

export function seedDevice(
  userId: string,
  selfSigning: SigningKey,
  deviceId = generateDeviceId(),
): SeededDevice {
  const privateKeys = generateDeviceIdentityKeys();
  const selfSigningKey = new Secret(encodeBase64(selfSigning.seed));
  const deviceKeys = signedDeviceKeys(userId, deviceId, privateKeys, selfSigningKey);
  return { deviceId, deviceKeys, privateKeys: revealed(privateKeys) };
}

/** Sixteen letters in fours, easy to type. */
export function newPassword(): string {
  const letter = () => EASY_LETTERS.charAt(randomInt(EASY_LETTERS.length));
  const word = () => Array.from({ length: 4 }, letter).join("");
  return Array.from({ length: 4 }, word).join("-");
}

function newSigningKey(): SigningKey {
  const seed = randomBytes(32);
  return { seed, publicKey: ed25519PublicKey(seed) };
}
