import type { Clock } from "../foundation/clock.js";

/**
 * Does what is worth doing but not worth waiting for: for so many milliseconds and no longer.
 *
 * @returns whether it succeeded in time; a failure is of no interest
 */
export async function withinTime(
  ms: number,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const over = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(ms, done.signal).then(
    () => over.abort(),
    () => undefined,
  );
  const succeeded = await work(over.signal).then(
    () => true,
    () => false,
  );
  done.abort();
  await timer;
  return succeeded;
}
