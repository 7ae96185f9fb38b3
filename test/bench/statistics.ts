/** What was measured of one thing, several times over. */
export interface Figures {
  readonly times: number;
  readonly median: number;
  /** Nine tenths are between these. */
  readonly low: number;
  readonly high: number;
}

export function figuresOf(values: readonly number[]): Figures {
  return {
    times: values.length,
    median: percentile(values, 0.5),
    low: percentile(values, 0.05),
    high: percentile(values, 0.95),
  };
}

/**
 * The value below which such a part of all values is; between two values, what is between them.
 *
 * @throws {RangeError} where there are none
 */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new RangeError("There is nothing to choose from.");
  return below + (above - below) * (at - Math.floor(at));
}
