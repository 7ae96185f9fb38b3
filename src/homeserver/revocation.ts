import * as oauth from "oauth4webapi";
import { Failure } from "../foundation/failures.js";
import { Secret } from "../foundation/secret.js";
import { endpoint } from "../network/base-url.js";
import type { HttpClient, HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import type { Tokens } from "../protocol/homeserver.js";
import { isUnknownToken } from "./matrix-api.js";
import type { ServerMetadata } from "./metadata.js";
import { exchangeOAuth } from "./oauth-fetch.js";
import { authorizationServerOf, type OAuthSession } from "./tokens.js";

/** What came of revoking one token. `unknown`: the server has no such token, or no such client any more. */
type Outcome = "revoked" | "unknown" | "failed";

/** RFC 6749 §5.2: a token, or the client that it belongs to, is not good (any more). */
const NOT_GOOD: readonly string[] = ["invalid_grant", "invalid_client"];

/**
 * Signs a session out (RFC 7009): the refresh token first, then the access token, one failing not skipping
 * the other. Never throws.
 *
 * @returns whether the device is signed out
 */
export async function revokeTokens(
  network: Omit<Network, "clock">,
  session: OAuthSession,
  tokens: Tokens,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const server = await authorizationServerOf(session, network, signal);
    return await revokeAt(network.http, server, session, tokens, signal);
  } catch (error) {
    // A homeserver without OAuth refreshes nothing any more.
    const { code } = Failure.from(error);
    const isWithoutOAuth = code === "homeserver_without_oauth";
    return isWithoutOAuth && isRejected(network.http, session.baseUrl, tokens.accessToken, signal);
  }
}

/**
 * Signs a session out at an authorization server that is known: the refresh token first, then the access token, one
 * failing not skipping the other. Either may end both, so that the other is no longer known (Continuwuity; RFC 7009
 * §2.2 has success for that). Where that leaves doubt, /whoami decides. Never throws.
 *
 * @returns whether the device is signed out
 */
export async function revokeAt(
  http: HttpClient,
  server: ServerMetadata,
  { baseUrl, clientId }: Pick<OAuthSession, "baseUrl" | "clientId">,
  { refreshToken, accessToken }: Tokens,
  signal: AbortSignal,
): Promise<boolean> {
  const revoke = (token: Secret, hint: string) => revokeToken(http, server, clientId, token, hint, signal);
  const ofRefreshToken = refreshToken === undefined ? undefined : await revoke(refreshToken, "refresh_token");
  const ofAccessToken = await revoke(accessToken, "access_token");
  // As long as the refresh token may be good, it doesn't matter whether the access token is.
  if (ofRefreshToken === "failed") return false;
  const isRevoked = ofAccessToken === "revoked" || ofRefreshToken === "revoked";
  if (isRevoked && ofAccessToken !== "failed") return true;
  return isRejected(http, baseUrl, accessToken, signal);
}

/** Whether the homeserver knows an access token no longer. False also where it can't be asked. */
async function isRejected(...asked: Parameters<typeof standingOf>): Promise<boolean> {
  return (await standingOf(...asked)) === "rejected";
}

/** What the homeserver takes an access token for; `unknown` where it can't be asked. */
export async function standingOf(
  http: HttpClient,
  baseUrl: URL,
  accessToken: Secret,
  signal: AbortSignal,
): Promise<"good" | "rejected" | "unknown"> {
  const url = endpoint(baseUrl, "_matrix/client/v3/account/whoami");
  const response = await http.send({ method: "GET", url, accessToken, signal }).catch(() => undefined);
  if (!response) return "unknown";
  if (isUnknownToken(response)) return "rejected";
  return response.status === 200 ? "good" : "unknown";
}

/**
 * Revokes what can be read of an answer that grants tokens of which none can be kept. Never throws.
 *
 * @returns whether all of it is revoked; undefined where there is nothing to read
 */
export async function revokeReadable(
  http: HttpClient,
  server: ServerMetadata,
  clientId: string,
  { json }: Pick<HttpResponse, "json">,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { refresh_token, access_token } = (json ?? {}) as Record<string, unknown>;
  let isRevoked: boolean | undefined;
  for (const [hint, token] of Object.entries({ refresh_token, access_token })) {
    if (typeof token !== "string" || token === "") continue;
    const outcome = await revokeToken(http, server, clientId, new Secret(token), hint, signal);
    isRevoked = outcome !== "failed" && (isRevoked ?? true);
  }
  return isRevoked;
}

async function revokeToken(
  http: HttpClient,
  server: ServerMetadata,
  clientId: string,
  token: Secret,
  token_type_hint: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { revocation_endpoint } = server;
  if (revocation_endpoint === undefined) return "failed";
  try {
    await exchangeOAuth(
      http,
      revocation_endpoint,
      async (options) =>
        oauth.processRevocationResponse(
          await oauth.revocationRequest(server, { client_id: clientId }, oauth.None(), token.reveal(), {
            ...options,
            additionalParameters: { token_type_hint },
          }),
        ),
      { signal, expectJson: false },
    );
    return "revoked";
  } catch (error) {
    return error instanceof oauth.ResponseBodyError && NOT_GOOD.includes(error.error) ? "unknown" : "failed";
  }
}
