import fc from "fast-check";
import { expect } from "vitest";
import { escapeText } from "../../src/foundation/escape-text.js";
import { Failure } from "../../src/foundation/failures.js";

/** A parser, or a few that belong together, and what is to hold for whatever it is given. */
export interface Target {
  readonly name: string;
  /** How often in the suite: as often as it takes some tens of milliseconds. */
  readonly runs: number;
  /** @throws {Error} fast-check's, with the seed, the smallest input found and what it did */
  check(parameters: { readonly seed: number; readonly numRuns: number }): Promise<void>;
}

/** @param holds rejects where it doesn't */
export function target<T>(
  name: string,
  runs: number,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
): Target {
  const property = fc.asyncProperty(inputs, async (input) => holds(input));
  return { name, runs, check: (parameters) => fc.assert(property, parameters) };
}

/** Longer than any sentence that is meant for a person. */
const MAX_MESSAGE = 2_000;

/**
 * Runs a parser. It may give whatever it gives, or fail as everything does here: with a `Failure` that isn't a bug's,
 * and whose words are fit to be shown.
 *
 * @returns what it gives, or the failure
 */
export async function outcomeOf<T>(parse: () => T | Promise<T>): Promise<T | Failure> {
  try {
    return await parse();
  } catch (error) {
    if (!(error instanceof Failure) || error.code === "internal_error") throw error;
    for (const text of [error.message, error.hint ?? ""]) {
      expect(text).toBe(escapeText(text, MAX_MESSAGE));
    }
    return error;
  }
}
