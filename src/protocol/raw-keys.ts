import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Secret } from "../foundation/secret.js";
import { decodeBase64 } from "./base64.js";

/**
 * Bare 32-byte keys as Node's key objects, and back. Node wants DER around them, whose headers are fixed
 * (RFC 8410 §4 and §7).
 */

const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");
const SPKI_X25519 = Buffer.from("302a300506032b656e032100", "hex");
const KEY_BYTES = 32;

function withHeader(header: Buffer, key: Uint8Array): Buffer {
  if (key.length !== KEY_BYTES) throw new RangeError("A key has 32 bytes.");
  return Buffer.concat([header, key]);
}

/** @param seed the private key of RFC 8032 §5.1.5, 32 bytes */
export function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: withHeader(PKCS8_ED25519, seed), format: "der", type: "pkcs8" });
}

export function x25519PrivateKey(key: Uint8Array): KeyObject {
  return createPrivateKey({ key: withHeader(PKCS8_X25519, key), format: "der", type: "pkcs8" });
}

export function ed25519PublicKeyObject(key: Uint8Array): KeyObject {
  return createPublicKey({ key: withHeader(SPKI_ED25519, key), format: "der", type: "spki" });
}

export function x25519PublicKeyObject(key: Uint8Array): KeyObject {
  return createPublicKey({ key: withHeader(SPKI_X25519, key), format: "der", type: "spki" });
}

/**
 * The bytes of a private key that is kept as unpadded base64.
 *
 * @throws {TypeError} that says no more about the key than that it isn't one
 */
export function privateKeyBytes(key: Secret): Uint8Array {
  const bytes = decodeBase64(key.reveal());
  if (bytes?.length !== KEY_BYTES) throw new TypeError("A private key is unpadded base64 of 32 bytes.");
  return bytes;
}

/** The public half of a private key, 32 bytes. */
export function publicHalf(privateKey: KeyObject): Uint8Array {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return new Uint8Array(spki.subarray(-KEY_BYTES));
}
