import { lock } from "proper-lockfile";
import { fileError } from "../files/file-error.js";
import type { Clock } from "../foundation/clock.js";
import { errorCode } from "../foundation/error-code.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";

/** A lock that its holder has not renewed for this long is that of a process that has died. */
const STALE_MS = 10_000;

/** Longer than a dead process's lock lasts. */
const WAIT_MS = 15_000;

const PAUSE_MS = 100;

/**
 * Runs `work` while no other process, nor another caller in this one, holds the lock of this session file.
 *
 * @throws {Failure} `session_locked` after 15 s, `session_not_found`, `file_error`; the signal's reason when
 *   that is aborted during the wait; and what `work` throws
 */
export async function withSessionLock<T>(
  path: string,
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const release = await acquire(path, clock, signal);
  try {
    return await work();
  } finally {
    // Where the lock is no longer ours, nothing is left to release.
    await release().catch(() => {});
  }
}

async function acquire(path: string, clock: Clock, signal: AbortSignal): Promise<() => Promise<void>> {
  const deadline = clock.now() + WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      // A process that slept through its lock notices in what it reads from the file before it writes.
      return await lock(path, { stale: STALE_MS, onCompromised: () => {} });
    } catch (error) {
      if (errorCode(error) === "ENOENT") {
        throw new Failure("session_not_found", `There is no session at ${escapeText(path, 1000)}.`);
      }
      if (errorCode(error) !== "ELOCKED") throw fileError("lock", path, error);
    }
    if (clock.now() >= deadline) throw new Failure("session_locked");
    await clock.sleep(PAUSE_MS, signal);
  }
}
