/**
 * Does some work while something is watched that can end it early. Whichever comes first stops the other,
 * and both have settled when this returns. A watch that failed goes before work that succeeded meanwhile, also
 * where it was being stopped already: what it saw had come before.
 *
 * @param watch never resolves; rejects with why the work is pointless, or with the signal's reason
 */
export async function whileWatching<T>(
  watch: (signal: AbortSignal) => Promise<never>,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let interruption: unknown;
  const watching = watch(either).catch((reason: unknown) => {
    if (stop.signal.aborted && reason === stop.signal.reason) return;
    interruption = reason;
    stop.abort(reason);
  });
  const [outcome] = await Promise.allSettled([work(either).finally(() => stop.abort()), watching]);
  if (interruption !== undefined) throw interruption;
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
