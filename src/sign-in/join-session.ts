import type { Network } from "../network/network.js";
import type { SignInQrCode, SignInQrCode2024 } from "../protocol/qr-code.js";
import { Msc4108Session } from "../rendezvous/msc4108-2024-session.js";
import { API_OF_PREFIX, Msc4388Api, withoutRendezvous } from "../rendezvous/msc4388-api.js";
import { Msc4388Session } from "../rendezvous/msc4388-session.js";

/** Device S's first look at the rendezvous session that a QR code names: GET requests, and nothing else. */

/**
 * @throws {Failure} `url_refused`, `rendezvous_expired`, `concurrent_write`, `homeserver_without_rendezvous`,
 *   `network_error`, `server_error`
 */
export async function joinMsc4388(
  { http, clock, urlPolicy }: Network,
  code: Pick<SignInQrCode, "prefix" | "rendezvousId" | "baseUrl">,
  signal: AbortSignal,
): Promise<Msc4388Session> {
  const { prefix, rendezvousId: id } = code;
  const baseUrl = urlPolicy.check(code.baseUrl);
  // What runs under the unstable prefix binds the URL in its WHATWG serialisation, MSC4388's text as it stands.
  const boundUrl = prefix === "MATRIX" ? code.baseUrl : baseUrl.href;
  // The prefix says which API the session was made with; the other is for servers that know but one.
  const named = API_OF_PREFIX[prefix];
  for (const name of [named, named === "stable" ? "unstable" : "stable"] as const) {
    const session = await Msc4388Session.join(
      new Msc4388Api(http, baseUrl, name),
      clock,
      { id, boundUrl },
      signal,
    );
    if (session) return session;
  }
  throw withoutRendezvous(baseUrl, { status: 404, errcode: "M_UNRECOGNIZED" });
}

/** @throws {Failure} `url_refused`, `rendezvous_expired`, `concurrent_write`, `network_error`, `server_error` */
export async function joinMsc4108(
  network: Network,
  { rendezvousUrl }: Pick<SignInQrCode2024, "rendezvousUrl">,
  signal: AbortSignal,
): Promise<Msc4108Session> {
  return Msc4108Session.join(network, network.urlPolicy.check(rendezvousUrl), signal);
}
