/**
 * Does several things at a time whose failures are told as if they were done one after the other: the first in their
 * order counts, whichever came first, and nobody waits for those after it.
 *
 * @param works each is given a signal that ends it once another one has failed
 * @returns their results, in the same order
 */
export async function sideBySide<T extends readonly unknown[]>(
  works: { readonly [Each in keyof T]: (signal: AbortSignal) => Promise<T[Each]> },
  signal: AbortSignal,
): Promise<T> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const running = works.map((work) => work(either));
  for (const each of running) each.catch(() => undefined);
  try {
    const results: unknown[] = [];
    for (const each of running) results.push(await each);
    return results as unknown as T;
  } finally {
    stop.abort();
  }
}
