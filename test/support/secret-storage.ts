import { createSecretKey, randomBytes } from "node:crypto";
import * as v from "valibot";
import { decodeBase64, encodeBase64 } from "../../src/protocol/base64.js";
import type { BackupVersion } from "../../src/protocol/homeserver.js";
import { SecretsBundle } from "../../src/protocol/secrets.js";
import { curve25519PublicKey } from "../../src/protocol/signatures.js";
import { keyCheckOf, seal } from "../../src/secret-storage/aes-hmac-sha2.js";
import type { SecretStorageHomeserver } from "../../src/secret-storage/open.js";
import { encodeRecoveryKey } from "../../src/secret-storage/recovery-key.js";
import { ALGORITHM, DEFAULT_KEY, KEY_PREFIX, type SecretName } from "../../src/secret-storage/stored.js";
import { fullSession, publishedKeys } from "./sessions.js";

/** What a test of secret storage starts from: account data, and what has to come out of it. */
export interface StoredAccount {
  readonly recovery_key: string;
  readonly passphrase?: string;
  readonly account_data: Record<string, Record<string, unknown>>;
  readonly secrets: Readonly<Record<SecretName, string>>;
}

export const KEY_ID = "key+/1";

const newSecret = () => encodeBase64(randomBytes(32));

function newSecrets(): StoredAccount["secrets"] {
  return {
    "m.cross_signing.master": newSecret(),
    "m.cross_signing.self_signing": newSecret(),
    "m.cross_signing.user_signing": newSecret(),
    "m.megolm_backup.v1": newSecret(),
  };
}

/** The key of an account that is set up here, with a passphrase or without. */
export function newStoredKey() {
  const key = createSecretKey(randomBytes(32));
  return { key, recoveryKey: encodeRecoveryKey(key.export()) };
}

/** An account with secrets that are sealed for each of these keys, the first one being the default key. */
export function storedAccount(
  keys: Readonly<Record<string, ReturnType<typeof newStoredKey>>> = { [KEY_ID]: newStoredKey() },
  secrets = newSecrets(),
): StoredAccount {
  const ids = Object.keys(keys);
  const descriptions = Object.entries(keys).map(([id, { key }]) => [
    `${KEY_PREFIX}${id}`,
    { algorithm: ALGORITHM, ...keyCheckOf(key) },
  ]);
  const sealed = Object.entries(secrets).map(([name, secret]) => {
    const byKey = Object.entries(keys).map(([id, { key }]) => [id, seal(key, name, Buffer.from(secret))]);
    return [name, { encrypted: Object.fromEntries(byKey) }];
  });
  return {
    recovery_key: Object.values(keys)[0]?.recoveryKey ?? "",
    account_data: Object.fromEntries([[DEFAULT_KEY, { key: ids[0] }], ...descriptions, ...sealed]),
    secrets,
  };
}

/** The bundle that an account's secrets are. */
export function bundleOf({ secrets }: StoredAccount) {
  return {
    cross_signing: {
      master_key: secrets["m.cross_signing.master"],
      self_signing_key: secrets["m.cross_signing.self_signing"],
      user_signing_key: secrets["m.cross_signing.user_signing"],
    },
    backup: {
      algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
      key: secrets["m.megolm_backup.v1"],
      backup_version: "7",
    },
  };
}

/** A homeserver with that account, which publishes what belongs to its secrets. */
export function homeserverOf(account: StoredAccount): SecretStorageHomeserver & { readonly asked: string[] } {
  const bundle = bundleOf(account);
  const { backup } = bundle;
  const published = publishedKeys({ ...fullSession(), secrets: v.parse(SecretsBundle, bundle) });
  const publicKey = curve25519PublicKey(decodeBase64(backup.key) ?? new Uint8Array());
  const current: BackupVersion = { version: backup.backup_version, algorithm: backup.algorithm, publicKey };
  const asked: string[] = [];
  return {
    asked,
    accountData: async (userId, type) => {
      asked.push(`${userId} ${type}`);
      return account.account_data[type];
    },
    queryKeys: async () => published,
    backupVersion: async () => current,
  };
}
