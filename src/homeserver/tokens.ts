import * as oauth from "oauth4webapi";
import * as v from "valibot";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { shownHost } from "../foundation/shown-host.js";
import type { HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import { answerObject, Seconds } from "../protocol/answer-object.js";
import type { Tokens } from "../protocol/homeserver.js";
import { fetchAuthMetadata, type ServerMetadata } from "./metadata.js";
import { exchangeOAuth, oauthRefusal } from "./oauth-fetch.js";
import { SAME_REFRESH_TOKEN_MS } from "./sign-in-tokens.js";
import { Token } from "./token-schema.js";

const MAX_LIFETIME_S = 10 * 365 * 24 * 60 * 60;

/** A token that is of no use is revoked where it can be read, and nothing beside the access token costs that. */
const TokenResponse = answerObject({
  access_token: Token,
  refresh_token: v.fallback(v.optional(Token), undefined),
  /** A lifetime that can't be one is unknown. */
  expires_in: v.fallback(v.optional(v.pipe(Seconds, v.minValue(0), v.maxValue(MAX_LIFETIME_S))), undefined),
});

/**
 * What of a token answer oauth4webapi is shown, which would refuse the whole for the sake of a part: that there is a
 * token. What it is good for, `toTokens` and `isOfBearerType` say.
 */
export function grantedPart({ access_token }: Readonly<Record<string, unknown>>) {
  return { access_token, token_type: "Bearer" };
}

/** RFC 6749 §7.1: a token of a type that isn't understood is not to be used. An answer without one means Bearer's. */
export function isOfBearerType({ json }: Pick<HttpResponse, "json">): boolean {
  const { token_type } = json as { token_type?: unknown };
  return typeof token_type !== "string" || token_type.toLowerCase() === "bearer";
}

/**
 * Validates what the token endpoint granted.
 *
 * @param answer the whole of it
 * @param askedAt when it was asked: the tokens live from then on at the earliest
 * @throws {Failure} `server_error` where there is no access token that can be used
 */
export function toTokens({ json }: Pick<HttpResponse, "json">, askedAt: Date): Tokens {
  const parsed = v.safeParse(TokenResponse, json);
  if (!parsed.success) throw new Failure("server_error", "The homeserver granted tokens that can't be used.");
  const { access_token, refresh_token, expires_in } = parsed.output;
  return {
    accessToken: access_token,
    ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
    ...(expires_in === undefined
      ? {}
      : {
          expiresAt: new Date(askedAt.getTime() + expires_in * 1_000).toISOString(),
          lifetimeMs: Math.round(expires_in * 1_000),
        }),
  };
}

/** The OAuth client that a session's tokens were granted to. */
export interface OAuthSession {
  readonly baseUrl: URL;
  readonly issuer: string;
  readonly clientId: string;
}

/**
 * Exchanges a refresh token (RFC 6749 §6). After a lost answer the same one is tried again, for a
 * while.
 *
 * @param beforeAsking awaited right before the token is first sent; gives for how long it may be sent again, in
 *   milliseconds
 * @throws {Failure} `session_dead` where it is no longer good; `homeserver_without_oauth`, `network_error`,
 *   `server_error`
 */
export async function refreshTokens(
  { http, urlPolicy, clock }: Network,
  session: OAuthSession,
  refreshToken: Secret,
  signal: AbortSignal,
  beforeAsking: () => Promise<number> = async () => SAME_REFRESH_TOKEN_MS,
): Promise<Tokens> {
  const server = await authorizationServerOf(session, { http, urlPolicy }, signal);
  const client = { client_id: session.clientId };
  const tryForMs = await beforeAsking();
  const askedAt = clock.date();
  let answer: HttpResponse | undefined;
  try {
    await exchangeOAuth(
      http,
      server.token_endpoint,
      async (options) =>
        oauth.processRefreshTokenResponse(
          server,
          client,
          await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken.reveal(), options),
        ),
      {
        signal,
        deadline: clock.now() + tryForMs,
        // So that there is time to send the same token again where nobody answers.
        tryLimitMs: tryForMs / 2,
        shown: grantedPart,
        onAnswer: (response) => {
          answer = response;
        },
      },
    );
  } catch (error) {
    if (!(error instanceof oauth.ResponseBodyError)) throw error;
    if (error.error === "invalid_grant") throw deadSession(answer?.repeatedAfterLoss ?? false);
    throw oauthRefusal(server.token_endpoint, "to refresh the token", error);
  }
  // Whatever type it says: the tokens before are spent, and a session of Bearer tokens has no others.
  return toTokens(answer ?? { json: undefined }, askedAt);
}

/**
 * The authorization server of a session. Its tokens go only to the one that issued them, whatever the homeserver says
 * today.
 *
 * @throws {Failure} `homeserver_without_oauth`, `server_error` for another issuer, `network_error`
 */
export async function authorizationServerOf(
  { baseUrl, issuer }: OAuthSession,
  network: Omit<Network, "clock">,
  signal: AbortSignal,
): Promise<ServerMetadata> {
  const { server } = await fetchAuthMetadata(network, baseUrl, signal);
  if (withoutSlash(server.issuer) !== withoutSlash(issuer)) {
    throw new Failure(
      "server_error",
      `${shownHost(baseUrl)} has a different authorization server from the one that issued this session.`,
      { hint: "Sign in again if the homeserver was moved to a new one." },
    );
  }
  return server;
}

/** Continuwuity takes each refresh token once, lost answer or not. */
function deadSession(answerLost: boolean): Failure {
  if (!answerLost) return new Failure("session_dead");
  const message = "An answer with new tokens was lost, and the homeserver gives them only once.";
  return new Failure("session_dead", message, { hint: "Sign in again." });
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, "");
}
