import * as v from "valibot";
import { decodeBase64 } from "./base64.js";

/** A private key of 32 bytes as unpadded base64. */
export const PrivateKey = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text)?.length === 32, "is not unpadded base64 of 32 bytes"),
);

const CrossSigningSecrets = v.object({
  master_key: PrivateKey,
  self_signing_key: PrivateKey,
  user_signing_key: PrivateKey,
});

const BackupSecrets = v.object({
  algorithm: v.pipe(v.string(), v.maxLength(255)),
  key: PrivateKey,
  backup_version: v.pipe(v.string(), v.maxLength(255)),
});

/**
 * The secrets bundle: what makes a device able to verify itself and to read the key backup.
 * Source: MSC4108 §Message reference, `m.login.secrets`. `"backup": null` is no backup.
 */
export const SecretsBundle = v.object({
  cross_signing: CrossSigningSecrets,
  backup: v.optional(v.nullable(BackupSecrets)),
});

export type SecretsBundle = v.InferOutput<typeof SecretsBundle>;

/** What events say of a bundle. */
export function backupVersion({ backup }: SecretsBundle): { backup_version?: string } {
  return backup ? { backup_version: backup.backup_version } : {};
}
