/** How many slips of a finger a name may be away from the one that was meant. */
const MAX_SLIPS = 2;

/**
 * The name that was probably meant, among those there are.
 *
 * @returns undefined where none is near, or where two are equally near
 */
export function nearMiss(typed: string, names: readonly string[]): string | undefined {
  // In a short name two slips make any other one, and in a letter one does.
  const most = typed.length < 2 ? 0 : Math.min(MAX_SLIPS, Math.max(1, Math.floor(typed.length / 3)));
  const near = names
    .map((name) => ({ name, slips: slipsBetween(typed.toLowerCase(), name.toLowerCase()) }))
    .filter(({ slips }) => slips <= most)
    .sort((a, b) => a.slips - b.slips);
  const [first, second] = near;
  return first?.slips === second?.slips ? undefined : first?.name;
}

/**
 * The letters that were left out, added or mistaken, and the neighbours that were swapped: the optimal string
 * alignment distance.
 */
function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const slips = [
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      ];
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && isSwap) slips.push(at(beforeLast, column - 2) + 1);
      current.push(Math.min(...slips));
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
