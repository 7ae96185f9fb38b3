import * as v from "valibot";
import { Secret } from "../foundation/secret.js";
import { decodeBase64 } from "./base64.js";

/** A private key of 32 bytes: unpadded base64 in JSON, a `Secret` once read. */
export const PrivateKey = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text)?.length === 32, "is not unpadded base64 of 32 bytes"),
  v.transform((text) => new Secret(text)),
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
/** The bundle as messages, session files and other programs have it: with its keys in the clear. */
export type SecretsBundleJson = v.InferInput<typeof SecretsBundle>;

/** What events say of a bundle. */
export function backupField({ backup }: SecretsBundle): { backup_version?: string } {
  return backup ? { backup_version: backup.backup_version } : {};
}
