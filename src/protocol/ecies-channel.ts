import {
  createCipheriv,
  createDecipheriv,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { Failure } from "../foundation/failures.js";
import { decodeBase64, encodeBase64 } from "./base64.js";
import type { EstablishedChannel, InitiatingChannel, OfferedChannel } from "./channel.js";
import { publicHalf, x25519PrivateKey, x25519PublicKeyObject } from "./raw-keys.js";

/**
 * The secure channel of MSC4108's 2024 version, as it is deployed: ECIES with X25519, HKDF-SHA512 and
 * ChaCha20-Poly1305. Its text says HKDF-SHA256 and lets G's nonces start at 1; the implementations use SHA-512
 * and start both at 0. There is no additional authenticated data.
 */

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LOGIN_INITIATE = Buffer.from("MATRIX_QR_CODE_LOGIN_INITIATE");
const LOGIN_OK = Buffer.from("MATRIX_QR_CODE_LOGIN_OK");

function notAuthentic(cause?: unknown): Failure {
  return new Failure("message_not_authentic", undefined, { cause });
}

/** What both devices derive from the shared secret (2024 version §Establishment, step 4). */
interface Derived {
  readonly encKeyS: Uint8Array;
  readonly encKeyG: Uint8Array;
  /** From 00 to 99: it may start with a zero. */
  readonly checkCode: string;
}

/** @throws {Failure} `message_not_authentic` for a public key that contributes nothing to the secret */
function derive(
  privateKey: KeyObject,
  peerKey: Uint8Array,
  gPublicKey: Uint8Array,
  sPublicKey: Uint8Array,
): Derived {
  let secret: Buffer;
  try {
    secret = diffieHellman({ privateKey, publicKey: x25519PublicKeyObject(peerKey) });
  } catch (error) {
    throw notAuthentic(error);
  }
  const expand = (label: string, bytes: number) => {
    const info = `MATRIX_QR_CODE_LOGIN_${label}|${encodeBase64(gPublicKey)}|${encodeBase64(sPublicKey)}`;
    return new Uint8Array(hkdfSync("sha512", secret, Buffer.alloc(0), info, bytes));
  };
  const [first = 0, second = 0] = expand("CHECKCODE", 2);
  return {
    encKeyS: expand("ENCKEY_S", KEY_BYTES),
    encKeyG: expand("ENCKEY_G", KEY_BYTES),
    checkCode: `${first % 10}${second % 10}`,
  };
}

/** One direction: each message, opened or not, uses up a nonce. */
class Direction {
  readonly #key: Uint8Array;
  #counter = 0;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  #nonce(): Buffer {
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUInt32LE(this.#counter++);
    return nonce;
  }

  seal(plaintext: Uint8Array): string {
    const options = { authTagLength: TAG_BYTES };
    const cipher = createCipheriv("chacha20-poly1305", this.#key, this.#nonce(), options);
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    return encodeBase64(sealed);
  }

  open(message: string): Uint8Array {
    const bytes = decodeBase64(message);
    if (!bytes) throw notAuthentic();
    const nonce = this.#nonce();
    if (bytes.length < TAG_BYTES) throw notAuthentic();
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv("chacha20-poly1305", this.#key, nonce, options);
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch (error) {
      throw notAuthentic(error);
    }
  }

  openHandshake(message: string, expected: Buffer): void {
    if (!expected.equals(this.open(message))) throw notAuthentic();
  }
}

function establishedChannel(sending: Direction, receiving: Direction): EstablishedChannel {
  return {
    seal: async (plaintext) => sending.seal(plaintext),
    open: async (message) => receiving.open(message),
  };
}

/**
 * 2024 version §Establishment, step 1, for the device that generates the QR code.
 *
 * @param gPrivateKey Gs, 32 bytes; random unless given, which only test vectors do
 */
export function offerEciesChannel(gPrivateKey: Uint8Array = randomBytes(KEY_BYTES)): OfferedChannel {
  const privateKey = x25519PrivateKey(gPrivateKey);
  const gPublicKey = publicHalf(privateKey);
  let used = false;
  return {
    publicKey: gPublicKey,
    async receiveLoginInitiate(message) {
      if (used) throw notAuthentic();
      used = true;
      const [ciphertext, key, ...rest] = message.split("|");
      const sPublicKey = key === undefined ? undefined : decodeBase64(key);
      if (ciphertext === undefined || sPublicKey?.length !== KEY_BYTES || rest.length > 0)
        throw notAuthentic();
      const { encKeyS, encKeyG, checkCode } = derive(privateKey, sPublicKey, gPublicKey, sPublicKey);
      const receiving = new Direction(encKeyS);
      receiving.openHandshake(ciphertext, LOGIN_INITIATE);
      return {
        async sealLoginOk() {
          const sending = new Direction(encKeyG);
          const loginOk = sending.seal(LOGIN_OK);
          const channel = establishedChannel(sending, receiving);
          return {
            loginOk,
            channel: {
              confirm: (code) => (code === checkCode ? { channel } : undefined),
              confirmUnseen: () => ({ channel, checkCode }),
            },
          };
        },
      };
    },
  };
}

/**
 * 2024 version §Establishment, steps 1 and 4, for the device that scanned the QR code.
 *
 * @param gPublicKey Gp of the QR code, 32 bytes
 * @param sPrivateKey Ss, 32 bytes; random unless given, which only test vectors do
 */
export async function initiateEciesChannel(
  gPublicKey: Uint8Array,
  sPrivateKey: Uint8Array = randomBytes(KEY_BYTES),
): Promise<InitiatingChannel> {
  const privateKey = x25519PrivateKey(sPrivateKey);
  const sPublicKey = publicHalf(privateKey);
  const { encKeyS, encKeyG, checkCode } = derive(privateKey, gPublicKey, gPublicKey, sPublicKey);
  const sending = new Direction(encKeyS);
  return {
    loginInitiate: `${sending.seal(LOGIN_INITIATE)}|${encodeBase64(sPublicKey)}`,
    async receiveLoginOk(message) {
      const receiving = new Direction(encKeyG);
      receiving.openHandshake(message, LOGIN_OK);
      return { channel: establishedChannel(sending, receiving), checkCode };
    },
  };
}
