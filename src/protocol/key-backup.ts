import { escapeText } from "../foundation/escape-text.js";
import type { BackupVersion } from "./homeserver.js";
import { privateKeyBytes } from "./raw-keys.js";
import type { SecretsBundle } from "./secrets.js";
import { curve25519PublicKey } from "./signatures.js";

/**
 * Holds a backup key to the account's current key backup: version, algorithm and, where the algorithm has one, public
 * key. Source: specification, §Server-side key backups.
 *
 * @param current undefined where the account has no backup
 * @returns what is wrong with the key, as the rest of a sentence that begins with the key; undefined where it fits
 */
export function backupMismatch(
  { key, algorithm, backup_version: version }: NonNullable<SecretsBundle["backup"]>,
  current: BackupVersion | undefined,
): string | undefined {
  if (!current) return "is of no use: the account has no key backup any more";
  if (current.version !== version) {
    return `is stale: it is of version ${escapeText(version)}, and the account's current backup is version ${escapeText(current.version)}`;
  }
  if (current.algorithm !== algorithm) return "is for another algorithm than the account's current backup";
  const { publicKey } = current;
  const fits = publicKey === undefined || publicKey === curve25519PublicKey(privateKeyBytes(key));
  return fits ? undefined : "is not the private half of the key of the account's current backup";
}
