import { errorCode } from "../foundation/error-code.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";

/**
 * What one of Node's errors means to whoever asked for the file.
 *
 * @param verb what was tried, as in "Can't read"
 * @param path the file, or a word for what is none: "stdin"
 * @returns `file_error`
 */
export function fileError(verb: string, path: string, cause: unknown): Failure {
  const why = errorCode(cause) ?? "unknown error";
  return new Failure("file_error", `Can't ${verb} ${escapeText(path, 1000)}: ${why}.`, { cause });
}
