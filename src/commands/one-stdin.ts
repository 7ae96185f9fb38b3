import { Failure } from "../foundation/failures.js";

/**
 * Stdin can be read once.
 *
 * @param uses what options and arguments were given, `-` being stdin
 * @throws {Failure} `usage_error` where more than one of them is stdin
 */
export function refuseStdinTwice(...uses: readonly (string | undefined)[]): void {
  if (uses.filter((use) => use === "-").length < 2) return;
  throw new Failure("usage_error", "Only one thing can be read from stdin.", {
    hint: "Give the others as files.",
  });
}
