import { createSecretKey, randomBytes } from "node:crypto";
import { Secret } from "../foundation/secret.js";
import { encodeBase64 } from "../protocol/base64.js";
import type { SecretsBundleJson } from "../protocol/secrets.js";
import { keyCheckOf, seal } from "../secret-storage/aes-hmac-sha2.js";
import { keyFromPassphrase, MIN_ITERATIONS } from "../secret-storage/passphrase.js";
import { encodeRecoveryKey } from "../secret-storage/recovery-key.js";
import {
  ALGORITHM,
  BACKUP_SECRET,
  CROSS_SIGNING_SECRETS,
  DEFAULT_KEY,
  KEY_PREFIX,
} from "../secret-storage/stored.js";

/** The account's secret storage, as a client would have set it up with its recovery. */
export interface SeededSecretStorage {
  /** In groups of four, as people get to see it. */
  readonly recoveryKey: string;
  /** Content by its type. */
  readonly accountData: ReadonlyMap<string, object>;
}

/** @param passphrase what the recovery key is made of; without one it is random */
export async function seedSecretStorage(
  { cross_signing, backup }: SecretsBundleJson,
  passphrase: string | undefined,
): Promise<SeededSecretStorage> {
  const salt = encodeBase64(randomBytes(24));
  const parameters = { algorithm: "m.pbkdf2", salt, iterations: MIN_ITERATIONS };
  const never = new AbortController().signal;
  const key =
    passphrase === undefined
      ? createSecretKey(randomBytes(32))
      : await keyFromPassphrase(new Secret(passphrase), parameters, never);
  const id = randomBytes(16).toString("hex");
  const description = {
    algorithm: ALGORITHM,
    ...keyCheckOf(key),
    ...(passphrase === undefined ? {} : { passphrase: parameters }),
  };
  const stored = [
    [CROSS_SIGNING_SECRETS.master_key, cross_signing.master_key],
    [CROSS_SIGNING_SECRETS.self_signing_key, cross_signing.self_signing_key],
    [CROSS_SIGNING_SECRETS.user_signing_key, cross_signing.user_signing_key],
    ...(backup ? [[BACKUP_SECRET, backup.key] as const] : []),
  ] as const;
  return {
    recoveryKey: encodeRecoveryKey(key.export()),
    accountData: new Map<string, object>([
      [DEFAULT_KEY, { key: id }],
      [`${KEY_PREFIX}${id}`, description],
      ...stored.map(
        ([name, secret]) => [name, { encrypted: { [id]: seal(key, name, Buffer.from(secret)) } }] as const,
      ),
    ]),
  };
}
