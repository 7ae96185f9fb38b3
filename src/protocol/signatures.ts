import { sign, verify } from "node:crypto";
import { decodeBase64, encodeBase64 } from "./base64.js";
import { canonicalJson, type JsonObject } from "./canonical-json.js";
import * as rawKeys from "./raw-keys.js";

/** The public half, as unpadded base64, of an Ed25519 seed of 32 bytes. */
export function ed25519PublicKey(seed: Uint8Array): string {
  return encodeBase64(rawKeys.publicHalf(rawKeys.ed25519PrivateKey(seed)));
}

/** The public half, as unpadded base64, of a Curve25519 private key of 32 bytes. */
export function curve25519PublicKey(key: Uint8Array): string {
  return encodeBase64(rawKeys.publicHalf(rawKeys.x25519PrivateKey(key)));
}

/** What a signature covers (Matrix specification, Appendices §Signing details). */
function signedBytes(object: JsonObject): Buffer {
  return Buffer.from(canonicalJson({ ...object, signatures: undefined, unsigned: undefined }));
}

/** Signs an object with an Ed25519 seed; the signature as unpadded base64. */
export function signJson(object: JsonObject, seed: Uint8Array): string {
  return encodeBase64(sign(null, signedBytes(object), rawKeys.ed25519PrivateKey(seed)));
}

/**
 * Whether `object.signatures[userId]["ed25519:" + keyId]` is a good signature by `publicKey`.
 *
 * @param publicKey the Ed25519 public key, unpadded base64
 */
export function isSignedBy(object: JsonObject, userId: string, keyId: string, publicKey: string): boolean {
  const signatures = object["signatures"] as JsonObject | undefined;
  const byUser = signatures?.[userId] as JsonObject | undefined;
  // The ID of a cross-signing key is the key, which some clients have written with padding.
  const signature = byUser?.[`ed25519:${keyId}`] ?? byUser?.[`ed25519:${keyId}=`];
  const key = decodeBase64(publicKey);
  if (typeof signature !== "string" || key?.length !== 32) return false;
  const signatureBytes = decodeBase64(signature);
  if (signatureBytes?.length !== 64) return false;
  try {
    return verify(null, signedBytes(object), rawKeys.ed25519PublicKeyObject(key), signatureBytes);
  } catch {
    // What canonical JSON can't hold is signed by nobody.
    return false;
  }
}
