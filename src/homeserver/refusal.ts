import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import type { HttpResponse } from "../network/http.js";

/** The `errcode` of a Matrix error. */
export function errorCodeOf(response: HttpResponse): string | undefined {
  const code = (response.json as { errcode?: unknown } | null | undefined)?.errcode;
  return typeof code === "string" ? code : undefined;
}

/**
 * What the server says of its refusal, in parentheses and fit to be shown, or "": the members of a Matrix or an OAuth
 * error (RFC 6749 §5.2, RFC 7591 §3.2.2), or a text that isn't a page.
 */
export function quotedReason(response: HttpResponse): string {
  const { error, error_description } = (response.json ?? {}) as Record<string, unknown>;
  const members = [errorCodeOf(response), error, error_description].filter(
    (text) => typeof text === "string",
  );
  // Tuwunel repeats the code in `error`.
  const told = members.filter((text, at) => !members[at + 1]?.startsWith(`${text}:`));
  const isText = response.json === undefined && !response.text.trimStart().startsWith("<");
  const said = isText ? response.text.trim() : told.join(": ");
  return said === "" ? "" : ` (${escapeText(said)})`;
}

/** `server_error` for an answer that has no other meaning here. */
export function refusal(url: URL, response: HttpResponse): Failure {
  const message = `${url.host} answers ${shortPath(url)} with ${response.status}${quotedReason(response)}.`;
  return new Failure("server_error", message);
}

/** `server_error` for a success whose body isn't what it should be. */
export function unusable(url: URL): Failure {
  return new Failure("server_error", `${url.host} gave an answer to ${shortPath(url)} that can't be used.`);
}

/** The endpoint without the base path and the IDs in it. */
function shortPath(url: URL): string {
  return escapeText(url.pathname.replace(/^.*\/_matrix\/client\//, "/").replace(/(\/devices\/).*/, "$1…"));
}
