import {
  createCipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { decodeBase64, encodeBase64 } from "../protocol/base64.js";

/**
 * `m.secret_storage.v1.aes-hmac-sha2` (Matrix specification, Client-Server API §Secrets). Keys are key objects,
 * which no print shows.
 */

/** What is stored: unpadded base64, read with padding too. */
export interface Sealed {
  readonly iv: string;
  readonly ciphertext: string;
  readonly mac: string;
}

/** By which anybody who has the key knows that it is the right one. */
export type KeyCheck = Pick<Sealed, "iv" | "mac">;

const IV_BYTES = 16;
const SUBKEY_BYTES = 32;
const HKDF_SALT = Buffer.alloc(32);
/** What the key check seals, under an empty name. */
const ZEROS = Buffer.alloc(32);

/**
 * Opens a secret. Its MAC is checked before anything is decrypted.
 *
 * @param name the secret's, like `m.cross_signing.master`
 * @returns undefined where it isn't authentic: sealed with another key or under another name, or damaged
 */
export function openSealed(key: KeyObject, name: string, sealed: Sealed): Buffer | undefined {
  const [iv, ciphertext, mac] = [sealed.iv, sealed.ciphertext, sealed.mac].map(decodeBase64);
  if (iv?.length !== IV_BYTES || !ciphertext || !mac) return undefined;
  const { aes, hmac } = subkeys(key, name);
  return isEqual(mac, macOf(hmac, ciphertext)) ? applyKeyStream(aes, iv, ciphertext) : undefined;
}

/** Seals a secret: for the key check, and for a homeserver that makes an account up. */
export function seal(key: KeyObject, name: string, secret: Uint8Array, iv = newIv()): Sealed {
  const { aes, hmac } = subkeys(key, name);
  const ciphertext = applyKeyStream(aes, iv, secret);
  const [ivText, ciphertextText, mac] = [iv, ciphertext, macOf(hmac, ciphertext)].map(encodeBase64);
  return { iv: ivText ?? "", ciphertext: ciphertextText ?? "", mac: mac ?? "" };
}

/** The check that goes into the description of a key. */
export function keyCheckOf(key: KeyObject): KeyCheck {
  const { iv, mac } = seal(key, "", ZEROS);
  return { iv, mac };
}

/** Whether it is the key that the check was made of; undefined where the check itself is malformed. */
export function passesKeyCheck(key: KeyObject, check: KeyCheck): boolean | undefined {
  const [iv, mac] = [decodeBase64(check.iv), decodeBase64(check.mac)];
  if (iv?.length !== IV_BYTES || !mac) return undefined;
  return isEqual(mac, decodeBase64(seal(key, "", ZEROS, iv).mac));
}

function subkeys(key: KeyObject, name: string): { readonly aes: KeyObject; readonly hmac: KeyObject } {
  const both = Buffer.from(hkdfSync("sha256", key, HKDF_SALT, name, 2 * SUBKEY_BYTES));
  return {
    aes: createSecretKey(both.subarray(0, SUBKEY_BYTES)),
    hmac: createSecretKey(both.subarray(SUBKEY_BYTES)),
  };
}

function macOf(hmac: KeyObject, ciphertext: Uint8Array): Buffer {
  return createHmac("sha256", hmac).update(ciphertext).digest();
}

/** In counter mode, decrypting is encrypting. */
function applyKeyStream(aes: KeyObject, iv: Uint8Array, text: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-ctr", aes, iv);
  return Buffer.concat([cipher.update(text), cipher.final()]);
}

/** Bit 63 is cleared, so that implementations with a counter of 64 bits agree with those of 128. */
function newIv(): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  iv.writeUInt8(iv.readUInt8(IV_BYTES / 2) & 0x7f, IV_BYTES / 2);
  return iv;
}

function isEqual(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && left.length === right.length && timingSafeEqual(left, right);
}
