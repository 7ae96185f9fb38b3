import { constants } from "node:os";
import type { FailureKind } from "./foundation/failure-kinds.js";
import { FAILURES } from "./foundation/failure-table.js";
import type { FailureCode } from "./foundation/failures.js";

/** The exit codes of the command-line contract, in one place. Nothing but `run` and `cli` needs them. */
export const EXIT_CODES: Readonly<Record<Exclude<FailureKind, "signal">, number>> = {
  bug: 1,
  usage: 2,
  refused: 3,
  late: 4,
  security: 5,
  unsupported: 6,
  network: 7,
  unverified: 8,
  local: 9,
};

/** The exit code of a process that ends with this failure. For a signal it is 128 and its number, as in shells. */
export function exitCodeOf(code: FailureCode): number {
  const definition = FAILURES[code];
  return definition.kind === "signal"
    ? 128 + constants.signals[definition.signal]
    : EXIT_CODES[definition.kind];
}
