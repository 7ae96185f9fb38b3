import { createSecretKey, type KeyObject } from "node:crypto";
import type { Secret } from "../foundation/secret.js";

/** Recovery keys as people have them (Matrix specification, Appendices §Cryptographic key representation). */

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const PREFIX = Buffer.from([0x8b, 0x01]);
const KEY_BYTES = 32;
/** The prefix, the key and the parity byte. */
const TOTAL_BYTES = PREFIX.length + KEY_BYTES + 1;
/** As many characters as those bytes have: the prefix is no zero, so there are never fewer. */
const CHARACTERS = 48;

/** What is wrong with a text that is no recovery key, as the rest of a sentence. It quotes nothing of the text. */
export interface Malformed {
  readonly what: string;
}

/**
 * Reads a recovery key, however it is grouped: spaces and line breaks mean nothing.
 *
 * @returns the key of 32 bytes, or what is wrong with the text
 */
export function decodeRecoveryKey(text: Secret): KeyObject | Malformed {
  const characters = [...text.reveal().replace(/\s/g, "")];
  const stray = characters.findIndex((character) => !ALPHABET.includes(character));
  if (stray >= 0) {
    const what = `its character ${stray + 1} is none that a recovery key has (there is no 0, O, I or l in one)`;
    return { what };
  }
  if (characters.length !== CHARACTERS) {
    return { what: `it has ${characters.length} characters instead of ${CHARACTERS}` };
  }
  const bytes = decodeBase58(characters);
  if (!bytes?.subarray(0, PREFIX.length).equals(PREFIX)) {
    return { what: "it doesn't start as every recovery key does" };
  }
  if (bytes.reduce((parity, byte) => parity ^ byte, 0) !== 0) {
    return { what: "its parity is wrong, so a character was mistyped" };
  }
  return createSecretKey(bytes.subarray(PREFIX.length, -1));
}

/**
 * Writes a key as people get to see it, in groups of four characters.
 *
 * @param key 32 bytes
 */
export function encodeRecoveryKey(key: Uint8Array): string {
  const unchecked = Buffer.concat([PREFIX, key]);
  const parity = unchecked.reduce((sum, byte) => sum ^ byte, 0);
  const encoded = encodeBase58(Buffer.concat([unchecked, Buffer.of(parity)]));
  return encoded.match(/.{1,4}/g)?.join(" ") ?? "";
}

/** @returns undefined for a number that needs more bytes than a recovery key has */
function decodeBase58(characters: readonly string[]): Buffer | undefined {
  let number = 0n;
  for (const character of characters) number = number * 58n + BigInt(ALPHABET.indexOf(character));
  const hex = number.toString(16).padStart(TOTAL_BYTES * 2, "0");
  return hex.length === TOTAL_BYTES * 2 ? Buffer.from(hex, "hex") : undefined;
}

/** Of bytes that don't start with a zero. */
function encodeBase58(bytes: Buffer): string {
  let text = "";
  for (let number = BigInt(`0x${bytes.toString("hex")}`); number > 0n; number /= 58n) {
    text = ALPHABET.charAt(Number(number % 58n)) + text;
  }
  return text;
}
