import { type GreyPicture, transposed } from "./grey-picture.js";

/** Grey values that neighbours differ by at the edge of a module. */
const EDGE = 40;
/** With fewer lines between gaps, there is no code, or it has no gaps. */
const MIN_LINES = 8;

/**
 * Terminals leave thin lines of their background between the rows, or the columns, of a code that is drawn with
 * characters. This takes them out.
 *
 * @returns undefined where there are none
 */
export function withoutLineGaps(picture: GreyPicture): GreyPicture | undefined {
  const withoutRows = withoutGapRows(picture);
  const turned = transposed(withoutRows ?? picture);
  const withoutColumns = withoutGapRows(turned);
  return withoutColumns ? transposed(withoutColumns) : withoutRows;
}

function withoutGapRows(picture: GreyPicture): GreyPicture | undefined {
  const { data, width, height } = picture;
  const [left, right] = busyColumns(picture);
  const starts = Array.from({ length: height }, (_, y) => y * width);
  const isGap = thinRuns(starts.map((start) => describeRow(data.subarray(start + left, start + right))));
  if (!isGap) return undefined;
  const kept = starts.filter((_, y) => !isGap[y]).map((start) => data.subarray(start, start + width));
  return { data: Buffer.concat(kept), width, height: kept.length };
}

/** From where to where a picture changes often along its rows: a code does, far more than texts. */
function busyColumns({ data, width, height }: GreyPicture): [left: number, right: number] {
  const edgesBefore = new Float64Array(width + 1);
  for (let y = 0; y < height; y++) {
    for (let x = 1; x < width; x++) {
      const isEdge = Math.abs((data[y * width + x] ?? 0) - (data[y * width + x - 1] ?? 0)) > EDGE;
      if (isEdge) edgesBefore[x + 1] = (edgesBefore[x + 1] ?? 0) + 1;
    }
  }
  for (let x = 1; x <= width; x++) edgesBefore[x] = (edgesBefore[x] ?? 0) + (edgesBefore[x - 1] ?? 0);
  const reach = Math.ceil(width / 32);
  const density = Array.from({ length: width }, (_, x) => {
    const from = Math.max(0, x - reach);
    const to = Math.min(width, x + reach);
    return ((edgesBefore[to] ?? 0) - (edgesBefore[from] ?? 0)) / (to - from);
  });
  const busy = density.reduce((most, value) => Math.max(most, value), 0) * 0.4;
  return [density.findIndex((value) => value >= busy), density.findLastIndex((value) => value >= busy)];
}

/** What tells the rows of a code from the gaps between them. */
interface Row {
  /** Between its darkest and its lightest pixel. */
  readonly contrast: number;
  /** How often it changes between dark and light: at the frame of a window, too, but there only twice. */
  readonly changes: number;
}

function describeRow(row: Uint8Array): Row {
  let darkest = 255;
  let lightest = 0;
  for (const value of row) {
    if (value < darkest) darkest = value;
    if (value > lightest) lightest = value;
  }
  const contrast = lightest - darkest;
  if (contrast < EDGE) return { contrast, changes: 0 };
  const middle = (darkest + lightest) / 2;
  let changes = 0;
  for (let x = 1; x < row.length; x++) {
    if ((row[x] ?? 0) > middle !== (row[x - 1] ?? 0) > middle) changes++;
  }
  return { contrast, changes };
}

/** Which rows belong to gaps: to runs of plain rows that are thin beside the lines between them. */
function thinRuns(rows: readonly Row[]): boolean[] | undefined {
  const typical = {
    contrast: percentile(
      rows.map(({ contrast }) => contrast),
      0.9,
    ),
    changes: percentile(
      rows.map(({ changes }) => changes),
      0.9,
    ),
  };
  const isPlain = rows.map(
    ({ contrast, changes }) => contrast < typical.contrast * 0.85 || changes < typical.changes * 0.2,
  );
  const runs: { plain: boolean; start: number; length: number }[] = [];
  isPlain.forEach((plain, y) => {
    const last = runs.at(-1);
    if (last?.plain === plain) last.length++;
    else runs.push({ plain, start: y, length: 1 });
  });
  const lines = runs.filter(({ plain }) => !plain).map(({ length }) => length);
  const line = percentile(lines, 0.5);
  const gaps = runs.filter(({ plain, length }) => plain && length <= line * 0.6);
  if (gaps.length < MIN_LINES) return undefined;
  const isGap = Array<boolean>(rows.length).fill(false);
  for (const { start, length } of gaps) isGap.fill(true, start, start + length);
  return isGap;
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;
}
