import type { SecretsBundleJson } from "../../protocol/secrets.js";
import { seedSecretStorage } from "../secret-storage.js";
import { type SeededDevice, seedDevice, seedKeys } from "../seed.js";

/** Posts JSON as a device of the user, and gives the fields of the answer, which has to be a success. */
export type PostAsDevice = (path: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

/** Puts JSON as a device of the user, which has to be a success. */
export type PutAsDevice = (path: string, body: object) => Promise<unknown>;

/** An account's secrets, and its first verified device. */
export interface Encryption {
  readonly secrets: SecretsBundleJson;
  readonly device: SeededDevice;
}

/**
 * Sets encryption up as a user's first client does: cross-signing keys, the device's own keys signed by them, and a
 * key backup. A homeserver takes the cross-signing keys only if the account has none, or a reset was allowed.
 *
 * @param post speaks for the device
 */
export async function setUpEncryption(
  post: PostAsDevice,
  userId: string,
  deviceId: string,
): Promise<Encryption> {
  const { crossSigning, backup, secrets, selfSigning } = seedKeys(userId);
  const device = seedDevice(userId, selfSigning, deviceId);
  await post("/_matrix/client/v3/keys/device_signing/upload", {
    master_key: crossSigning.masterKey,
    self_signing_key: crossSigning.selfSigningKey,
    user_signing_key: crossSigning.userSigningKey,
  });
  await post("/_matrix/client/v3/keys/upload", { device_keys: device.deviceKeys });
  const { version } = await post("/_matrix/client/v3/room_keys/version", backup);
  return {
    secrets: {
      ...secrets,
      ...(secrets.backup && { backup: { ...secrets.backup, backup_version: String(version) } }),
    },
    device,
  };
}

/**
 * Sets secret storage up as a user's first client does, in the place of any that was there before.
 *
 * @param put speaks for a device of the user
 * @param passphrase what the recovery key is made of; without one it is random
 * @returns the recovery key, in groups of four
 */
export async function setUpSecretStorage(
  put: PutAsDevice,
  userId: string,
  secrets: SecretsBundleJson,
  passphrase?: string,
): Promise<string> {
  const { recoveryKey, accountData } = await seedSecretStorage(secrets, passphrase);
  const path = `/_matrix/client/v3/user/${encodeURIComponent(userId)}/account_data`;
  for (const [type, content] of accountData) await put(`${path}/${encodeURIComponent(type)}`, content);
  return recoveryKey;
}
