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
  const asking = ask(AbortSignal.any([signal, stop.signal])).catch(() => undefined);
  try {
    return await work();
  } catch (thrown) {
    stop.abort();
    await asking;
    throw thrown;
  }
}
