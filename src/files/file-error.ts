import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { describeSystemError } from "../foundation/system-errors.js";

/**
 * What one of Node's errors means to whoever asked for the file.
 *
 * @param verb what was tried, as in "Can't read"
 * @param path the file, or a word for what is none: "stdin"
 * @returns `file_error`
 */
export function fileError(verb: string, path: string, cause: unknown): Failure {
  const { what, hint } = describeSystemError(cause);
  const details = hint === undefined ? { cause } : { cause, hint };
  return new Failure("file_error", `Can't ${verb} ${escapeText(path, 1000)}: ${what}.`, details);
}
