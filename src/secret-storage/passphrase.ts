import { createSecretKey, type KeyObject, pbkdf2 } from "node:crypto";
import type { Secret } from "../foundation/secret.js";

/**
 * How a key is made of a passphrase: `m.pbkdf2` (Matrix specification, Client-Server API §Deriving keys from
 * passphrases).
 */
export interface PassphraseParameters {
  readonly salt: string;
  readonly iterations: number;
}

/** Fewer than these no client has ever set. */
export const MIN_ITERATIONS = 1_000;
/** Ten times what clients set: some seconds. The homeserver names the number, and may be hostile. */
export const MAX_ITERATIONS = 5_000_000;

const KEY_BYTES = 32;

/**
 * Derives a key of 32 bytes, in a thread of Node's pool.
 *
 * @param iterations from MIN_ITERATIONS to MAX_ITERATIONS
 * @throws {RangeError} for another number
 * @throws the signal's reason, at once; what the thread does then is thrown away
 */
export async function keyFromPassphrase(
  passphrase: Secret,
  { salt, iterations }: PassphraseParameters,
  signal: AbortSignal,
): Promise<KeyObject> {
  if (!(iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS)) {
    throw new RangeError("The number of iterations is out of bounds.");
  }
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    pbkdf2(passphrase.reveal(), salt, iterations, KEY_BYTES, "sha512", (error, key) => {
      signal.removeEventListener("abort", onAbort);
      if (error) reject(error);
      else resolve(createSecretKey(key));
    });
  });
}
