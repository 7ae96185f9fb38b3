import { Failure } from "../foundation/failures.js";
import type { UrlPolicy } from "./url-policy.js";

/** As long as session files hold. */
const MAX_LENGTH = 2048;

/**
 * A homeserver's base URL, ready for paths to be put behind it: it ends in a slash, and has no query.
 *
 * @param namedBy the server that names it, if one does
 * @throws {Failure} `url_refused`
 */
export function toBaseUrl(text: string, urlPolicy: UrlPolicy, namedBy?: URL): URL {
  const url = endpoint(urlPolicy.check(text, namedBy), "");
  url.search = "";
  url.hash = "";
  if (url.href.length > MAX_LENGTH) throw new Failure("url_refused", "A base URL is too long.");
  return url;
}

/** The URL of a path below a base URL, whose own path is kept whether it ends in a slash or not. */
export function endpoint(baseUrl: URL, path: string): URL {
  const base = new URL(baseUrl);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return new URL(path, base);
}

/** Writes a path, each value in it as one percent-encoded segment: device IDs hold `+` and `/`, user IDs `:`. */
export function path(strings: TemplateStringsArray, ...values: readonly string[]): string {
  // A lone surrogate, which has no percent-encoding, becomes U+FFFD on the way through UTF-8.
  return String.raw(
    { raw: strings },
    ...values.map((value) => encodeURIComponent(Buffer.from(value).toString())),
  );
}
