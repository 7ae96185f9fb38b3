/**
 * The URL of an endpoint below a base URL, whose own path is kept.
 *
 * @param path relative, each segment percent-encoded already
 */
export function endpoint(baseUrl: URL, path: string): URL {
  const base = new URL(baseUrl);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return new URL(path, base);
}
