import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { createAccountHomeserver } from "../homeserver/account-homeserver.js";
import { endpoint, toBaseUrl } from "../network/base-url.js";
import type { HttpClient } from "../network/http.js";
import type { Network } from "../network/network.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import { accessTokenOf, type StoredSession } from "./session-file.js";
import { type Refresh, SessionAccessTokens } from "./session-tokens.js";
import type { SessionStore } from "./store.js";

/** The account of a session file, ready to be asked about. */
export interface ConnectedSession {
  readonly homeserver: AccountHomeserver;
  /** The file's tokens, with which the homeserver is asked. */
  readonly accessTokens: SessionAccessTokens;
  /** Whether the homeserver's tokens are OAuth's, or nobody knows. */
  readonly offersOAuth: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * Connects to the homeserver of a session file, whose tokens are taken from there and renewed there.
 *
 * @param session what the file at `path` holds, or will hold when the homeserver is first asked
 * @throws {Failure} `url_refused`
 */
export function connectSession(
  store: SessionStore,
  path: string,
  session: Pick<StoredSession, "base_url">,
  network: Network,
): ConnectedSession {
  const baseUrl = baseUrlOf(session, network);
  const refresh: Refresh = async (refreshToken, clientId, issuer, signal, beforeAsking) => {
    const { refreshTokens } = await import("../homeserver/tokens.js");
    return refreshTokens(network, { baseUrl, issuer, clientId }, refreshToken, signal, beforeAsking);
  };
  const accessTokens = new SessionAccessTokens(store, path, refresh, network.clock);
  return {
    homeserver: createAccountHomeserver({ baseUrl, http: network.http, accessTokens }),
    accessTokens,
    offersOAuth: async (signal) => {
      const { offersOAuth } = await import("../homeserver/metadata.js");
      return offersOAuth(network, baseUrl, signal);
    },
  };
}

/**
 * The base URL of a session's account, which makes that homeserver one of the user's own.
 *
 * @throws {Failure} `url_refused`
 */
export function baseUrlOf(
  { base_url }: Pick<StoredSession, "base_url">,
  { urlPolicy }: Pick<Network, "urlPolicy">,
): URL {
  urlPolicy.noteOwn(base_url);
  return toBaseUrl(base_url, urlPolicy);
}

/**
 * Makes the tokens of a session worthless: by RFC 7009, or by a plain logout where they are not OAuth's.
 *
 * @returns whether that went well
 * @throws {Failure} `session_not_revocable`, `url_refused`, `network_error`, `server_error`
 */
export async function revokeSession(
  session: StoredSession,
  network: Network,
  signal: AbortSignal,
): Promise<boolean> {
  const { refresh_token: refreshToken, oauth } = session;
  const accessToken = accessTokenOf(session);
  const baseUrl = baseUrlOf(session, network);
  if (!oauth) return logOut(baseUrl, accessToken, network.http, signal);
  const { revokeTokens } = await import("../homeserver/revocation.js");
  return revokeTokens(
    network,
    { baseUrl, issuer: oauth.issuer, clientId: oauth.client_id },
    { accessToken, ...(refreshToken === undefined ? {} : { refreshToken }) },
    signal,
  );
}

async function logOut(baseUrl: URL, accessToken: Secret, http: HttpClient, signal: AbortSignal) {
  const url = endpoint(baseUrl, "_matrix/client/v3/logout");
  const response = await http.send({ method: "POST", url, body: "{}", accessToken, signal });
  if (response.status === 200) return true;
  // A token that is not known is as good as revoked. But OAuth's tokens may be unknown to this endpoint alone: Matrix
  // Authentication Service ends those only for the client that they were issued to (RFC 7009 §2.1).
  const { standingOf } = await import("../homeserver/revocation.js");
  const standing = await standingOf(http, baseUrl, accessToken, signal);
  if (standing === "good" && response.status === 401) throw new Failure("session_not_revocable");
  return standing === "rejected";
}
