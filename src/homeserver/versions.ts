import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import { endpoint } from "../network/base-url.js";
import type { HttpClient, HttpResponse } from "../network/http.js";
import { describeAnswer, oddAnswer, redirectOf } from "../network/odd-answer.js";
import { answerObject } from "../protocol/answer-object.js";

const ShortText = v.pipe(v.string(), v.nonEmpty(), v.maxLength(64));

/** What a server calls itself (Matrix specification, GET /_matrix/federation/v1/version; MSC4383). */
export const ServerSoftware = answerObject({
  name: ShortText,
  version: v.fallback(v.optional(ShortText), undefined),
});
export type ServerSoftware = v.InferOutput<typeof ServerSoftware>;

/** One that is malformed says nothing; the versions beside it count all the same. */
const Named = v.fallback(v.optional(ServerSoftware), undefined);

const Versions = answerObject({
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

/** What is at a URL: a homeserver, or what was answered instead of what one says. */
type Found = { readonly info: ServerInfo } | { readonly instead: HttpResponse };

const PATH = "_matrix/client/versions";

/** Looks whether a homeserver is at a URL. Source: Matrix specification, GET /_matrix/client/versions. */
export async function lookForHomeserver(http: HttpClient, baseUrl: URL, signal: AbortSignal): Promise<Found> {
  const url = endpoint(baseUrl, PATH);
  const response = await http.send({ method: "GET", url, final: ["text"], signal });
  const parsed = v.safeParse(Versions, response.json);
  if (response.status !== 200 || !parsed.success) return { instead: response };
  const { versions, server, "net.zemos.msc4383.server": unstable } = parsed.output;
  const software = server ?? unstable;
  return { info: { versions, ...(software === undefined ? {} : { software }) } };
}

/**
 * `server_error` where there is no homeserver at a URL, by what was answered instead.
 *
 * @param hint what to do, where what is there is none
 */
export function noHomeserver(baseUrl: URL, instead: HttpResponse, hint = CHECK_THE_NAME): Failure {
  const url = endpoint(baseUrl, PATH);
  const target = redirectOf(url, instead);
  if (target?.pathname.endsWith(`/${PATH}`)) {
    target.pathname = target.pathname.slice(0, -PATH.length);
    const shown = escapeText(target.href);
    return new Failure("server_error", `${escapeText(baseUrl.href)} redirects to ${shown}.`, {
      hint: `Give ${shown} instead: a homeserver's address must not redirect, since whoever follows would hand on the access token.`,
    });
  }
  // Others may come from something in front of a homeserver.
  const isNone = instead.status === 404 || (instead.status >= 200 && instead.status < 300);
  if (!isNone) return oddAnswer(url, instead);
  const message =
    `There is no Matrix homeserver at ${shownHost(baseUrl)}: ` +
    `${escapeText(url.href)} answers with ${describeAnswer(url, instead)}.`;
  return new Failure("server_error", message, { hint });
}

const CHECK_THE_NAME = "Check the name: it is what follows the colon in @you:example.org.";

/** The versions of the specification that a homeserver speaks; none where it can't be told. */
export async function fetchVersions(
  ...where: Parameters<typeof lookForHomeserver>
): Promise<readonly string[]> {
  const found = await lookForHomeserver(...where);
  return "info" in found ? found.info.versions : [];
}

/** Whether one of the versions is `v1.<minor>` or newer. */
export function isAtLeast(versions: readonly string[], minor: number): boolean {
  return versions.some((version) => Number(/^v1\.(\d+)$/.exec(version)?.[1]) >= minor);
}
