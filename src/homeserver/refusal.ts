import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import type { HttpResponse } from "../network/http.js";

/** The `errcode` of a Matrix error. */
export function errorCodeOf(response: HttpResponse): string | undefined {
  const code = (response.json as { errcode?: unknown } | null | undefined)?.errcode;
  return typeof code === "string" ? code : undefined;
}

/** `server_error` for an answer that has no other meaning here. */
export function refusal(url: URL, response: HttpResponse): Failure {
  const { error } = (response.json ?? {}) as { error?: unknown };
  const said = [errorCodeOf(response), error].filter((text) => typeof text === "string").join(": ");
  const quoted = said === "" ? "" : ` (${escapeText(said)})`;
  return new Failure(
    "server_error",
    `${url.host} answers ${shortPath(url)} with ${response.status}${quoted}.`,
  );
}

/** `server_error` for a success whose body isn't what it should be. */
export function unusable(url: URL): Failure {
  return new Failure("server_error", `${url.host} gave an answer to ${shortPath(url)} that can't be used.`);
}

/** The endpoint without the base path and the IDs in it. */
function shortPath(url: URL): string {
  return escapeText(url.pathname.replace(/^.*\/_matrix\/client\//, "/").replace(/(\/devices\/).*/, "$1…"));
}
