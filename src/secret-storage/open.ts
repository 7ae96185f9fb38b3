import { KeyObject } from "node:crypto";
import * as v from "valibot";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { decodeBase64, encodeBase64 } from "../protocol/base64.js";
import { checkCrossSigningSecrets } from "../protocol/cross-signing.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import { SecretsBundle } from "../protocol/secrets.js";
import { curve25519PublicKey } from "../protocol/signatures.js";
import { openSealed, passesKeyCheck } from "./aes-hmac-sha2.js";
import { keyFromPassphrase } from "./passphrase.js";
import { decodeRecoveryKey, type Malformed } from "./recovery-key.js";
import {
  BACKUP_SECRET,
  CROSS_SIGNING_SECRETS,
  readSecretStorage,
  type SecretName,
  type SecretStorage,
  type StoredKey,
  sealedFor,
} from "./stored.js";

/** A homeserver that is asked for an account's secret storage, and for the public keys that it is held to. */
export type SecretStorageHomeserver = Pick<AccountHomeserver, "accountData" | "queryKeys" | "backupVersion">;

/** A key of the account's that was found to be the right one. */
interface OpenKey {
  readonly id: string;
  readonly key: KeyObject;
}

const BACKUP_ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";
const KEY_BYTES = 32;

/**
 * Opens the account's secret storage and takes the cross-signing keys and the backup key out of it. Each is held to
 * its public key, as the homeserver publishes it: /keys/query, /room_keys/version. A backup key without a backup is
 * left out. Nothing is ever written to secret storage.
 *
 * @param userId the account's, as whoami gives it
 * @param recoveryKey a recovery key, in any grouping, or the passphrase that the key is made of, as it was typed
 * @throws {Failure} `secret_storage_missing`, `recovery_key_malformed`, `recovery_key_wrong`,
 *   `secret_storage_damaged`; `secrets_mismatch`, `cross_signing_missing`; what the homeserver throws
 * @throws the signal's reason
 */
export async function openSecretStorage(
  homeserver: SecretStorageHomeserver,
  userId: string,
  recoveryKey: Secret,
  signal: AbortSignal,
): Promise<SecretsBundle> {
  const storage = await readSecretStorage(homeserver, userId, signal);
  const openKey = await findKey(storage, recoveryKey, signal);
  const crossSigning = Object.entries(CROSS_SIGNING_SECRETS).map(([field, name]) => {
    const secret = open(storage, openKey, name);
    if (!secret) {
      throw new Failure(
        "secret_storage_missing",
        `The account's secret storage has no ${name} for this key.`,
      );
    }
    return [field, encodeBase64(secret)] as const;
  });
  const backup = await openBackup(storage, openKey, homeserver, signal);
  const bundle = v.parse(SecretsBundle, { cross_signing: Object.fromEntries(crossSigning), ...backup });
  checkCrossSigningSecrets(userId, bundle.cross_signing, await homeserver.queryKeys(userId, signal));
  return bundle;
}

/** The key of the account's that the text is or makes: the default key, or one that secrets are sealed for. */
async function findKey(storage: SecretStorage, text: Secret, signal: AbortSignal): Promise<OpenKey> {
  if (storage.keys.length === 0) {
    if (!storage.hasUnusableKeys) throw new Failure("secret_storage_missing");
    const message =
      "The keys of the account's secret storage are damaged, or of an algorithm not known here.";
    throw new Failure("secret_storage_damaged", message);
  }
  const decoded = decodeRecoveryKey(text);
  for (const stored of storage.keys) {
    const key = await keyFor(stored, decoded, text, signal);
    if (key && isKeyOf(storage, stored, key)) return { id: stored.id, key };
  }
  throw noKeyFits(storage.keys, decoded);
}

async function keyFor(
  { passphrase }: StoredKey,
  decoded: KeyObject | Malformed,
  text: Secret,
  signal: AbortSignal,
): Promise<KeyObject | undefined> {
  if (decoded instanceof KeyObject) return decoded;
  if (passphrase === undefined || passphrase === "unusable") return undefined;
  return keyFromPassphrase(text, passphrase, signal);
}

/** A key without a key check shows itself by what it opens. */
function isKeyOf({ secrets }: SecretStorage, { id, check }: StoredKey, key: KeyObject): boolean {
  return (
    passesKeyCheck(key, check) ??
    [...secrets].some(([name, secret]) => {
      const sealed = sealedFor(secret, id);
      return sealed !== undefined && sealed !== "damaged" && openSealed(key, name, sealed) !== undefined;
    })
  );
}

function noKeyFits(keys: readonly StoredKey[], decoded: KeyObject | Malformed): Failure {
  if (decoded instanceof KeyObject) {
    const message = "The recovery key is well-formed, but it isn't that of the account's secret storage.";
    return new Failure("recovery_key_wrong", message);
  }
  const { what } = decoded;
  if (keys.some(({ passphrase }) => passphrase !== undefined && passphrase !== "unusable")) {
    const message = `That isn't the passphrase of the account's secret storage, and as a recovery key it is malformed: ${what}.`;
    return new Failure("recovery_key_wrong", message);
  }
  const why = keys.some(({ passphrase }) => passphrase === "unusable")
    ? "how the account makes a key of a passphrase can't be followed here"
    : "the account's secret storage has no passphrase";
  return new Failure("recovery_key_malformed", `That is no recovery key: ${what}; and ${why}.`);
}

/**
 * @returns the private key; undefined where there is no such secret for this key
 * @throws {Failure} `secret_storage_damaged`
 */
function open({ secrets }: SecretStorage, { id, key }: OpenKey, name: SecretName): Uint8Array | undefined {
  const sealed = sealedFor(secrets.get(name), id);
  if (sealed === undefined) return undefined;
  const text = sealed === "damaged" ? undefined : openSealed(key, name, sealed)?.toString();
  const secret = text === undefined ? undefined : decodeBase64(text);
  if (secret?.length === KEY_BYTES) return secret;
  const message = `The recovery key is right, but ${name} in the account's secret storage is damaged.`;
  throw new Failure("secret_storage_damaged", message);
}

/** The backup's part of a bundle; empty where there is no backup, or none that the key could be held to. */
async function openBackup(
  storage: SecretStorage,
  openKey: OpenKey,
  homeserver: SecretStorageHomeserver,
  signal: AbortSignal,
): Promise<{ readonly backup?: object }> {
  const key = open(storage, openKey, BACKUP_SECRET);
  const current = key && (await homeserver.backupVersion(signal));
  if (!current || current.algorithm !== BACKUP_ALGORITHM || current.publicKey === undefined) return {};
  if (curve25519PublicKey(key) !== current.publicKey) {
    const message = "The backup key in the account's secret storage isn't that of its current key backup.";
    throw new Failure("secrets_mismatch", message, {
      hint: "Set up recovery anew in a Matrix client that reads the account's messages.",
    });
  }
  const { algorithm, version } = current;
  return { backup: { algorithm, key: encodeBase64(key), backup_version: version } };
}
