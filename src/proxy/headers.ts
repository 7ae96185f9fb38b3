/** Which headers pass the proxy. Both ways they are names and values in turn, as Node's `rawHeaders` has them. */

/** Between two neighbours only (RFC 9110 §7.6.1), with those that `Connection` names. */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** `host` and `authorization` are the server's own; Node has answered `expect` already. */
const NOT_FORWARDED: readonly string[] = ["host", "authorization", "content-length", "expect"];

/**
 * What goes on to the server, but for its token and the body's length.
 *
 * @param rawHeaders as they came
 */
export function forwardedHeaders(rawHeaders: readonly string[]): string[] {
  const dropped = new Set([...HOP_BY_HOP, ...NOT_FORWARDED, ...namedByConnection(rawHeaders)]);
  return kept(rawHeaders, (name) => !dropped.has(name));
}

/** What comes back from the server; its CORS headers would open the proxy to web pages. */
export function answeredHeaders(rawHeaders: readonly string[]): string[] {
  const dropped = new Set([...HOP_BY_HOP, ...namedByConnection(rawHeaders)]);
  return kept(rawHeaders, (name) => !dropped.has(name) && !name.startsWith("access-control-"));
}

/** The value of a header that comes once. */
export function headerOf(rawHeaders: readonly string[], wanted: string): string | undefined {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === wanted);
  return at < 0 ? undefined : rawHeaders[at + 1];
}

function namedByConnection(rawHeaders: readonly string[]): string[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && name.toLowerCase() === "connection"
      ? (rawHeaders[index + 1] ?? "").split(",").map((token) => token.trim().toLowerCase())
      : [],
  );
}

function kept(rawHeaders: readonly string[], isKept: (name: string) => boolean): string[] {
  return rawHeaders.filter((_, index) => isKept((rawHeaders[index - (index % 2)] ?? "").toLowerCase()));
}
