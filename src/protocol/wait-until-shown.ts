import type { Clock } from "../foundation/clock.js";

/** MSC4108 §Secret sharing and device verification, step 1: what was done may take that long to show up. */
const SHOWN_MS = 10_000;
const PAUSE_MS = 500;

/**
 * Asks the homeserver until it shows what was done there.
 *
 * @returns whether it does, within 10 s
 * @throws what `isShown` throws; the signal's reason
 */
export async function waitUntilShown(
  isShown: () => Promise<boolean>,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = clock.now() + SHOWN_MS;
  while (!(await isShown())) {
    if (clock.now() >= deadline) return false;
    await clock.sleep(PAUSE_MS, signal);
  }
  return true;
}
