import type { FaultName } from "./faults.js";
import type { Met } from "./matrix.js";

/** A case that ends a sign-in although the fault passes, or that leaves what nobody can undo. */
interface Exception {
  readonly why: string;
  readonly faults: readonly FaultName[];
  /** The request, as `METHOD path`. */
  readonly what: RegExp;
  readonly outcome: RegExp;
}

const LOST: readonly FaultName[] = [
  "answer lost",
  "reset after it was handled",
  "502 with HTML, once it was handled",
];

export const EXCEPTIONS: readonly Exception[] = [
  {
    why: "A device code is good for one token (RFC 8628 §3.5): what was lost with the answer, nobody gets or revokes.",
    faults: LOST,
    what: /^POST \/oauth2\/token$/,
    outcome: /^new token_lost impossible, /,
  },
  {
    why: "MSC4388: a reply is bound to the sequence token that was lost with the answer to the write before it.",
    faults: LOST,
    what: /^PUT .*msc4388\/rendezvous\/ID$/,
    outcome: /delivery_unknown/,
  },
  {
    why: "A proxy that sends a request twice uses up the device code: the tokens are in the answer that it threw away.",
    faults: ["duplicated"],
    what: /^POST \/oauth2\/token$/,
    outcome: /^new authorization_dropped, /,
  },
];

export function exceptionFor({ fault, what }: Met, outcome: string): Exception | undefined {
  return EXCEPTIONS.find(
    (each) => each.faults.includes(fault) && each.what.test(what) && each.outcome.test(outcome),
  );
}
