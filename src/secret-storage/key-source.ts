import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import type { SecretsBundle } from "../protocol/secrets.js";
import { openSecretStorage, type SecretStorageHomeserver } from "./open.js";

/** Where a recovery key or a passphrase comes from. */
export interface RecoveryKeySource {
  /** How often it may be read, at least 1: a person may have mistyped it, a file stays what it is. */
  readonly attempts: number;
  /**
   * @param problem why the one before was not right; absent the first time
   * @returns the recovery key or the passphrase, as it was typed
   * @throws {Failure} `user_cancelled`, `file_error`; the signal's reason
   */
  read(problem: Failure | undefined, signal: AbortSignal): Promise<Secret>;
  /** Told once nothing is read any more, whatever happened. */
  done?(): void;
}

/**
 * Opens the account's secret storage with what is read from the source, again where that is not right.
 *
 * @throws {Failure} what `openSecretStorage` throws, and what the source throws
 * @throws the signal's reason
 */
export async function openSecretStorageFrom(
  source: RecoveryKeySource,
  homeserver: SecretStorageHomeserver,
  userId: string,
  signal: AbortSignal,
): Promise<SecretsBundle> {
  let problem: Failure | undefined;
  try {
    for (let attempt = 1; ; attempt++) {
      const recoveryKey = await source.read(problem, signal);
      try {
        return await openSecretStorage(homeserver, userId, recoveryKey, signal);
      } catch (error) {
        if (attempt >= source.attempts || !isWrongKey(error)) throw error;
        problem = error;
      }
    }
  } finally {
    source.done?.();
  }
}

function isWrongKey(error: unknown): error is Failure {
  return error instanceof Failure && ["recovery_key_wrong", "recovery_key_malformed"].includes(error.code);
}
