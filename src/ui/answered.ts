/**
 * What a person answers, by whichever keys that is heard of.
 *
 * @param ask starts to listen, and calls one of the two in the end
 * @throws what the question is refused with; the signal's reason
 */
export async function answered<T>(
  ask: (answer: (value: T) => void, refuse: (reason: unknown) => void) => void,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  try {
    return await new Promise<T>((answer, refuse) => {
      onAbort = () => refuse(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      ask(answer, refuse);
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
