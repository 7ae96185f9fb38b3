/**
 * Does some work while something is asked that is of use only after it. What comes of the question is no matter here,
 * be it a failure, and isn't waited for: whoever needs the answer finds it, or asks again. Work that fails ends the
 * question.
 */
export async function whileAsking<T>(
  ask: (signal: AbortSignal) => Promise<unknown>,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const stop = new AbortController();
  // The work is what is waited for: where there are too few connections, the question waits for one.
  const working = work();
  const asking = ask(AbortSignal.any([signal, stop.signal])).catch(() => undefined);
  try {
    return await working;
  } catch (thrown) {
    stop.abort();
    await asking;
    throw thrown;
  }
}
