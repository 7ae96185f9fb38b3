import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { decodeBase64, encodeBase64 } from "./base64.js";
import { canonicalJson, type JsonObject } from "./canonical-json.js";

/** DER headers of RFC 8410 §7: what Node wants in front of a bare 32-byte key. */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

function privateKey(header: Buffer, seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new RangeError("A private key has 32 bytes.");
  return createPrivateKey({ key: Buffer.concat([header, seed]), format: "der", type: "pkcs8" });
}

function rawPublicKey(key: KeyObject): string {
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return encodeBase64(spki.subarray(-32));
}

/** The public half, as unpadded base64, of an Ed25519 seed of 32 bytes. */
export function ed25519PublicKey(seed: Uint8Array): string {
  return rawPublicKey(privateKey(PKCS8_ED25519, seed));
}

/** The public half, as unpadded base64, of a Curve25519 private key of 32 bytes. */
export function curve25519PublicKey(key: Uint8Array): string {
  return rawPublicKey(privateKey(PKCS8_X25519, key));
}

/** What a signature covers (Matrix specification, Appendices §Signing details). */
function signedBytes(object: JsonObject): Buffer {
  return Buffer.from(canonicalJson({ ...object, signatures: undefined, unsigned: undefined }));
}

/** Signs an object with an Ed25519 seed; the signature as unpadded base64. */
export function signJson(object: JsonObject, seed: Uint8Array): string {
  return encodeBase64(sign(null, signedBytes(object), privateKey(PKCS8_ED25519, seed)));
}

/**
 * Whether `object.signatures[userId]["ed25519:" + keyId]` is a good signature by `publicKey`.
 *
 * @param publicKey the Ed25519 public key, unpadded base64
 */
export function isSignedBy(object: JsonObject, userId: string, keyId: string, publicKey: string): boolean {
  const signatures = object["signatures"] as JsonObject | undefined;
  const byUser = signatures?.[userId] as JsonObject | undefined;
  const signature = byUser?.[`ed25519:${keyId}`];
  const key = decodeBase64(publicKey);
  if (typeof signature !== "string" || key?.length !== 32) return false;
  const signatureBytes = decodeBase64(signature);
  if (signatureBytes?.length !== 64) return false;
  const keyObject = createPublicKey({
    key: Buffer.concat([SPKI_ED25519, key]),
    format: "der",
    type: "spki",
  });
  try {
    return verify(null, signedBytes(object), keyObject, signatureBytes);
  } catch {
    // What canonical JSON can't hold is signed by nobody.
    return false;
  }
}
