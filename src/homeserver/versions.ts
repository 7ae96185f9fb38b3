import * as v from "valibot";
import { endpoint } from "../network/base-url.js";
import type { HttpClient } from "../network/http.js";

const ShortText = v.pipe(v.string(), v.nonEmpty(), v.maxLength(64));

/** What a server calls itself (Matrix specification, GET /_matrix/federation/v1/version; MSC4383). */
export const ServerSoftware = v.object({
  name: ShortText,
  version: v.fallback(v.optional(ShortText), undefined),
});
export type ServerSoftware = v.InferOutput<typeof ServerSoftware>;

/** One that is malformed says nothing; the versions beside it count all the same. */
const Named = v.fallback(v.optional(ServerSoftware), undefined);

const Versions = v.object({
  versions: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(1_000)),
  server: Named,
  "net.zemos.msc4383.server": Named,
});

/** What a homeserver says of itself. */
export interface ServerInfo {
  /** The versions of the specification that it speaks. */
  readonly versions: readonly string[];
  /** Its name, where it is told here (MSC4383). It comes from outside, and is not escaped. */
  readonly software?: ServerSoftware;
}

/**
 * What a homeserver says of itself; undefined where the URL is no homeserver's.
 * Source: Matrix specification, GET /_matrix/client/versions.
 */
export async function fetchServerInfo(
  http: HttpClient,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<ServerInfo | undefined> {
  const response = await http.send({
    method: "GET",
    url: endpoint(baseUrl, "_matrix/client/versions"),
    signal,
  });
  const parsed = v.safeParse(Versions, response.json);
  if (response.status !== 200 || !parsed.success) return undefined;
  const { versions, server, "net.zemos.msc4383.server": unstable } = parsed.output;
  const software = server ?? unstable;
  return { versions, ...(software === undefined ? {} : { software }) };
}

/** The versions of the specification that a homeserver speaks; undefined where the URL is no homeserver's. */
export async function fetchVersions(
  ...where: Parameters<typeof fetchServerInfo>
): Promise<readonly string[] | undefined> {
  return (await fetchServerInfo(...where))?.versions;
}

/** Whether one of the versions is `v1.<minor>` or newer. */
export function isAtLeast(versions: readonly string[], minor: number): boolean {
  return versions.some((version) => Number(/^v1\.(\d+)$/.exec(version)?.[1]) >= minor);
}
