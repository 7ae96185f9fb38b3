import type { Line } from "./line.js";

/** What is waited for, without a full stop. */
export interface Wait {
  readonly text: string;
  /** The same where there is no room for it. */
  readonly brief?: string;
  /** How much time it has: as much as there was left before, or none that is known. */
  readonly expiresInMs?: number | "as_before";
  /** The lines say it already. */
  readonly isTold?: true;
}

/** An event in words. */
export interface Description {
  readonly lines: readonly Line[];
  /** What is waited for from here on: null when nothing is, absent where that hasn't changed. */
  readonly wait?: Wait | null;
}
