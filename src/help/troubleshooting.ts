import { hintOf } from "../commands/hints.js";
import { exitCodeOf } from "../exit-codes.js";
import { FAILURES } from "../foundation/failure-table.js";
import { Failure, type FailureCode } from "../foundation/failures.js";
import { withProgram } from "../foundation/with-program.js";
import { type Symptom, symptoms } from "./symptoms.js";

/** What `help` says of failures: of one by its code, and of what they look like. */

/** Breaks a text into lines for a terminal. */
export type Wrap = (text: string) => string;

export const FAILURE_CODES = Object.keys(FAILURES) as readonly FailureCode[];

export function isFailureCode(word: string | undefined): word is FailureCode {
  return word !== undefined && Object.hasOwn(FAILURES, word);
}

/** `help troubleshooting`: all symptoms, on one screen. */
export function listOfSymptoms(): string {
  return [
    "Troubleshooting: what does it look like?",
    "",
    ...symptoms().map(({ title }, index) => `${String(index + 1).padStart(4)}  ${title}`),
    "",
    "What to do about one of them:  matrix-qr-login help troubleshooting 3",
    "About a failure, by its code:  matrix-qr-login help rendezvous_gone",
    "",
  ].join("\n");
}

/** `help troubleshooting 3`: what to do about one symptom. Where there is none of that number, the list. */
export function helpOnSymptom(number: string | undefined, wrap: Wrap): string {
  const symptom = symptoms()[Number(number) - 1];
  return symptom ? `${describe(symptom, wrap).join("\n")}\n` : listOfSymptoms();
}

/** `help rendezvous_gone`: what has happened, what helps, and what else there is about what it looks like. */
export function helpOnFailure(code: FailureCode, wrap: Wrap): string {
  const failure = new Failure(code);
  const hint = hintOf(failure);
  const symptom = symptoms().find(({ codes }) => codes.includes(code));
  return [
    `${code} (exit code ${exitCodeOf(code)})`,
    "",
    wrap(failure.message),
    ...(hint === undefined ? [] : [wrap(withProgram(hint, "matrix-qr-login"))]),
    ...(symptom ? ["", ...describe(symptom, wrap)] : []),
    "",
    "All symptoms: matrix-qr-login help troubleshooting",
    "",
  ].join("\n");
}

function describe({ title, advice }: Symptom, wrap: Wrap): string[] {
  return [
    title,
    "",
    ...advice.map((text) =>
      text.startsWith("- ") ? `- ${wrap(text.slice(2)).replaceAll("\n", "\n  ")}` : wrap(text),
    ),
  ];
}
