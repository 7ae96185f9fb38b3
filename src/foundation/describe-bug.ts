/** The kinds of errors that the language and Node have: any other name may be somebody's text. */
const KNOWN_NAMES: readonly string[] = [
  ...["Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "URIError", "EvalError"],
  ...["AggregateError", "AssertionError", "AbortError", "TimeoutError", "DataError", "OperationError"],
];

/** A file of this program or of a package, with its line, at the end of a line of a stack trace. */
const PLACE =
  /(?:^|[/\\])((?:src|dist|bin|node_modules)[/\\][\w.@/\\-]{1,120}\.[cm]?[jt]s:\d{1,6})(?::\d{1,6})?\)?$/;
const CODE = /^E[A-Z_]{1,40}$/;
const MAX_PLACES = 3;

/**
 * What can be told of an exception that nobody expected: its kind, its code and where it came from. Never its message,
 * which may quote whatever was being worked on, a key among it.
 */
export function describeBug(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `${typeof thrown} thrown`;
  const name = KNOWN_NAMES.includes(thrown.name) ? thrown.name : "Error";
  const code =
    "code" in thrown && typeof thrown.code === "string" && CODE.test(thrown.code) ? thrown.code : "";
  const places = placesIn(thrown);
  const where = places.length === 0 ? "" : ` at ${places.join(", ")}`;
  return `${name}${code === "" ? "" : ` ${code}`}${where}`;
}

/** The first places of a stack trace, which begins with the message. */
function placesIn({ stack = "", message }: Error): string[] {
  const from = message === "" ? -1 : stack.indexOf(message);
  const trace = from < 0 ? stack : stack.slice(from + message.length);
  return trace
    .split("\n")
    .filter((line) => /^ {4}at /.test(line))
    .flatMap((line) => PLACE.exec(line)?.[1] ?? [])
    .slice(0, MAX_PLACES);
}
