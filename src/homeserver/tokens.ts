import * as oauth from "oauth4webapi";
import * as v from "valibot";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import type { HttpClient } from "../network/http.js";
import type { Network } from "../network/network.js";
import type { Tokens } from "../protocol/homeserver.js";
import { fetchAuthMetadata, type ServerMetadata } from "./metadata.js";
import { exchangeOAuth, oauthRefusal } from "./oauth-fetch.js";
import { Token } from "./token-schema.js";

const TokenResponse = v.object({
  access_token: Token,
  refresh_token: v.exactOptional(Token),
  expires_in: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(10 * 365 * 24 * 60 * 60))),
});

/**
 * Validates what the token endpoint granted.
 *
 * @param askedAt when it was asked: the tokens live from then on at the earliest
 * @throws {Failure} `server_error`
 */
export function toTokens(response: oauth.TokenEndpointResponse, askedAt: Date): Tokens {
  const parsed = v.safeParse(TokenResponse, response);
  if (!parsed.success) throw new Failure("server_error", "The homeserver granted tokens that can't be used.");
  const { access_token, refresh_token, expires_in } = parsed.output;
  return {
    accessToken: access_token,
    ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
    ...(expires_in === undefined
      ? {}
      : { expiresAt: new Date(askedAt.getTime() + expires_in * 1_000).toISOString() }),
  };
}

/** The OAuth client that a session's tokens were granted to. */
export interface OAuthSession {
  readonly baseUrl: URL;
  readonly issuer: string;
  readonly clientId: string;
}

/**
 * Exchanges a refresh token (RFC 6749 §6). After a lost answer the same one is tried again, which servers
 * allow until the new access token is used.
 *
 * @throws {Failure} `session_dead` where it is no longer good; `homeserver_without_oauth`, `network_error`,
 *   `server_error`
 */
export async function refreshTokens(
  { http, urlPolicy, clock }: Network,
  session: OAuthSession,
  refreshToken: Secret,
  signal: AbortSignal,
): Promise<Tokens> {
  const server = await serverOf(session, { http, urlPolicy }, signal);
  const client = { client_id: session.clientId };
  const askedAt = clock.date();
  try {
    const granted = await exchangeOAuth(
      http,
      server.token_endpoint,
      async (options) =>
        oauth.processRefreshTokenResponse(
          server,
          client,
          await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken.reveal(), options),
        ),
      { signal },
    );
    return toTokens(granted, askedAt);
  } catch (error) {
    if (!(error instanceof oauth.ResponseBodyError)) throw error;
    if (error.error === "invalid_grant") throw new Failure("session_dead");
    throw oauthRefusal(server.token_endpoint, "to refresh the token", error);
  }
}

/**
 * Signs a session out (RFC 7009): the refresh token first, then the access token, one failing not skipping
 * the other. Never throws.
 *
 * @returns whether all went well
 */
export async function revokeTokens(
  network: Omit<Network, "clock">,
  session: OAuthSession,
  tokens: Tokens,
  signal: AbortSignal,
): Promise<boolean> {
  const server = await serverOf(session, network, signal).catch(() => undefined);
  return server !== undefined && revokeAt(network.http, server, session.clientId, tokens, signal);
}

/**
 * Revokes tokens at an authorization server that is known already (RFC 7009): the refresh token first, then the
 * access token, one failing not skipping the other. Never throws.
 *
 * @returns whether all went well
 */
export async function revokeAt(
  http: HttpClient,
  server: ServerMetadata,
  clientId: string,
  { refreshToken, accessToken }: Tokens,
  signal: AbortSignal,
): Promise<boolean> {
  const { revocation_endpoint: endpoint } = server;
  if (endpoint === undefined) return false;
  const revoke = (token: Secret, token_type_hint: string) =>
    exchangeOAuth(
      http,
      endpoint,
      async (options) =>
        oauth.processRevocationResponse(
          await oauth.revocationRequest(server, { client_id: clientId }, oauth.None(), token.reveal(), {
            ...options,
            additionalParameters: { token_type_hint },
          }),
        ),
      { signal, expectJson: false },
    ).then(
      () => true,
      () => false,
    );
  const refreshRevoked = refreshToken === undefined || (await revoke(refreshToken, "refresh_token"));
  const accessRevoked = await revoke(accessToken, "access_token");
  return refreshRevoked && accessRevoked;
}

/** A refresh token goes only to the server that issued it, whatever the homeserver says today. */
async function serverOf(
  { baseUrl, issuer }: OAuthSession,
  network: Omit<Network, "clock">,
  signal: AbortSignal,
): Promise<ServerMetadata> {
  const { server } = await fetchAuthMetadata(network, baseUrl, signal);
  if (withoutSlash(server.issuer) !== withoutSlash(issuer)) {
    throw new Failure(
      "server_error",
      `${baseUrl.host} has a different authorization server from the one that issued this session.`,
      { hint: "Sign in again if the homeserver was moved to a new one." },
    );
  }
  return server;
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, "");
}
