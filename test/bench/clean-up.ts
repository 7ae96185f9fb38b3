/** What has to be done however a run ends: processes to end, folders to remove. */
const left = new Set<() => Promise<void>>();

/** Does so now, in the opposite order. */
export async function cleanUp(): Promise<void> {
  const all = [...left].reverse();
  left.clear();
  for (const undo of all) await undo().catch(() => undefined);
}

/** Uses something, and cleans it up afterwards, or when the bench is interrupted. */
export async function using<Thing, Result>(
  thing: Thing,
  undo: (thing: Thing) => unknown,
  use: (thing: Thing) => Promise<Result>,
): Promise<Result> {
  const entry = async () => {
    await undo(thing);
  };
  left.add(entry);
  try {
    return await use(thing);
  } finally {
    if (left.delete(entry)) await entry();
  }
}

/** @throws {Error} after so many milliseconds, lest what hangs holds up the rest */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} has not ended within ${ms / 1000} s.`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
