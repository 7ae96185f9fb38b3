import * as v from "valibot";
import { escapeText } from "../../foundation/escape-text.js";
import { Failure } from "../../foundation/failures.js";
import type { Synapse } from "./synapse.js";

const AuthMetadata = v.object({ issuer: v.string() });
const WellKnown = v.object({ "m.homeserver": v.object({ base_url: v.pipe(v.string(), v.url()) }) });

/** A user of Synapse, and where clients find that. */
export interface Acquaintance {
  readonly userId: string;
  readonly baseUrl: URL;
}

export interface Introduction {
  /** Where Synapse listens, which clients are told unless Synapse has a `public_baseurl`. */
  readonly url: URL;
  /** Where this server listens, for the person who has to tell Synapse. */
  readonly endpoint: URL;
  readonly issuer: URL;
  /** Of the user who is wanted. */
  readonly localpart: string;
}

/**
 * Makes sure that Synapse has this server as its authorization server, and only then makes the user.
 *
 * @throws {Failure} `usage_error` where Synapse's settings name another server or another secret; `network_error`,
 *   `server_error`
 */
export async function meetSynapse(
  synapse: Synapse,
  { url, endpoint, issuer, localpart }: Introduction,
): Promise<Acquaintance> {
  const metadata = await synapse.answer("GET /_matrix/client/v1/auth_metadata");
  const settings = `Set matrix_authentication_service in Synapse: enabled, endpoint ${endpoint.href} and the same secret.`;
  if (metadata.status === 404) {
    throw notSet("Synapse has no authorization server.", `${settings} Then restart it.`);
  }
  if (metadata.status !== 200) {
    throw notSet("Synapse can't reach its authorization server.", settings);
  }
  const { issuer: known } = v.parse(v.fallback(AuthMetadata, { issuer: "" }), metadata.fields);
  if (known !== issuer.href) {
    const hint = `${settings} It remembers the issuer until it is restarted.`;
    throw notSet(`Synapse has another authorization server: ${escapeText(known)}.`, hint);
  }

  const userId = await synapse.provisionUser(localpart);
  const wellKnown = v.safeParse(WellKnown, (await synapse.answer("GET /.well-known/matrix/client")).fields);
  const baseUrl = wellKnown.success ? new URL(wellKnown.output["m.homeserver"].base_url) : url;
  return { userId, baseUrl };
}

function notSet(message: string, hint: string): Failure {
  return new Failure("usage_error", message, { hint });
}
