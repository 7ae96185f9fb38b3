import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { type ServerInfo, ServerSoftware } from "../homeserver/versions.js";
import { endpoint } from "../network/base-url.js";
import type { Network } from "../network/network.js";
import { answerObject } from "../protocol/answer-object.js";

/** The homeservers whose settings are known here. */
export const KNOWN_SOFTWARE = ["synapse", "tuwunel", "continuwuity"] as const;
export type KnownSoftware = (typeof KNOWN_SOFTWARE)[number];

/** Which server it is, as far as it says. */
export interface Software {
  /** Undefined for one whose settings are not known. */
  readonly known?: KnownSoftware;
  /** Name and version as it tells them, fit to be shown. */
  readonly name: string;
  readonly version?: string;
}

const MAX_ANSWER_BYTES = 16 * 1024;
/** It is good to know, and no more: no answer is waited for long. */
const LIMIT_MS = 5_000;
/** An error is an answer here, and not worth repeating. */
const FINAL = [429, 500, 501, 502, 503, 504];

/** Where servers tell their name beside /versions, and where in the answer. Not each path is open on each server. */
const PLACES = [
  // Matrix specification, Server-Server API §GET /_matrix/federation/v1/version
  [
    "_matrix/federation/v1/version",
    v.pipe(
      answerObject({ server: ServerSoftware }),
      v.transform(({ server }) => server),
    ),
  ],
  // It is there without federation too.
  ["_continuwuity/server_version", ServerSoftware],
] as const;

/**
 * Finds out which server this is.
 *
 * @param info what /versions says: Tuwunel tells its name there (MSC4383)
 * @returns undefined where it doesn't say
 * @throws the signal's reason
 */
export async function identifySoftware(
  network: Network,
  baseUrl: URL,
  info: ServerInfo,
  signal: AbortSignal,
): Promise<Software | undefined> {
  if (info.software !== undefined) return shown(info.software);
  for (const [path, schema] of PLACES) {
    const found = v.safeParse(schema, await ask(network, endpoint(baseUrl, path), signal));
    if (found.success) return shown(found.output);
  }
  return undefined;
}

async function ask({ http, clock }: Network, url: URL, signal: AbortSignal): Promise<unknown> {
  const deadline = clock.now() + LIMIT_MS;
  const request = { method: "GET", url, maxBytes: MAX_ANSWER_BYTES, expectJson: false } as const;
  try {
    const response = await http.send({ ...request, final: FINAL, deadline, signal });
    return response.status === 200 ? response.json : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

function shown({ name, version }: ServerSoftware): Software {
  const known = KNOWN_SOFTWARE.find((each) => each === name.toLowerCase());
  return {
    name: escapeText(name),
    ...(known === undefined ? {} : { known }),
    ...(version === undefined ? {} : { version: escapeText(version) }),
  };
}
