import * as v from "valibot";
import { endpoint } from "../network/base-url.js";
import type { HttpClient } from "../network/http.js";

const Versions = v.object({
  versions: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(1_000)),
});

/**
 * The versions of the specification that a homeserver speaks; undefined where the URL is no homeserver's.
 * Source: Matrix specification, GET /_matrix/client/versions.
 */
export async function fetchVersions(
  http: HttpClient,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const response = await http.send({
    method: "GET",
    url: endpoint(baseUrl, "_matrix/client/versions"),
    signal,
  });
  const parsed = v.safeParse(Versions, response.json);
  return response.status === 200 && parsed.success ? parsed.output.versions : undefined;
}

/** Whether one of the versions is `v1.<minor>` or newer. */
export function isAtLeast(versions: readonly string[], minor: number): boolean {
  return versions.some((version) => Number(/^v1\.(\d+)$/.exec(version)?.[1]) >= minor);
}
