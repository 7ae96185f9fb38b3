import type { Figures } from "./statistics.js";

export type Unit = "ms" | "MiB" | "requests" | "packages";

export interface Target {
  readonly says: string;
  readonly met: boolean;
}

/** One thing that was measured: a line of the table. */
export interface Line {
  readonly what: string;
  readonly unit: Unit;
  readonly own: Figures;
  /** The same work done by another, or what it is to be seen beside. */
  readonly beside?: { readonly name: string; readonly figures: Figures };
  readonly target?: Target;
}

/** Why something could not be measured here. */
interface LeftOut {
  readonly what: string;
  readonly because: string;
}

export type Measured = Line | LeftOut;

/** How much of it this program needs. */
export function ratioOf({ own, beside }: Line): number | undefined {
  return beside && own.median / beside.figures.median;
}

export function ratioAtMost(bound: number, own: Figures, beside: Figures): Target {
  return { says: `≤ ${bound} of it`, met: own.median / beside.median <= bound };
}

export function atMost(bound: number, unit: Unit, value: number): Target {
  return { says: `≤ ${bound} ${unit}`, met: value <= bound };
}

/** So much more than the other, which is there in any case. */
export function moreAtMost(bound: number, unit: Unit, own: Figures, beside: Figures): Target {
  const more = own.median - beside.median;
  return { says: `≤ ${bound} ${unit} more; ${rounded(more)}`, met: more <= bound };
}

/** As many digits as mean something. */
export function rounded(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}
