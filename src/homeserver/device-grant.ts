import * as oauth from "oauth4webapi";
import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import type { HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import { unusable } from "../network/odd-answer.js";
import { answerObject, Seconds } from "../protocol/answer-object.js";
import type { DeviceAuthorization, TokenPoll } from "../protocol/homeserver.js";
import type { DeviceGrantMetadata } from "./metadata.js";
import { exchangeOAuth, oauthRefusal } from "./oauth-fetch.js";
import { revokeReadable } from "./revocation.js";
import { grantedPart, isOfBearerType, toTokens } from "./tokens.js";

/** RFC 8628 §3.2: the polling interval where the server names none. */
const DEFAULT_INTERVAL_S = 5;
/** How long the answer to a poll in the last moment may take: it is the server that says whether it was in time. */
const LAST_ANSWER_MS = 5_000;

const Link = v.pipe(v.string(), v.maxLength(2_048));
/** No server can have itself asked more often, nor have a person's consent go unnoticed for longer, in seconds. */
const [SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S] = [1, 60];
/** Nobody waits for consent for longer, whatever the server says. */
const LONGEST_LIFE_S = 24 * 60 * 60;

const DeviceAuthorizationResponse = answerObject({
  device_code: v.pipe(v.string(), v.maxLength(16_384)),
  user_code: v.pipe(v.string(), v.nonEmpty(), v.maxLength(64)),
  verification_uri: Link,
  verification_uri_complete: v.exactOptional(Link),
  expires_in: Seconds,
  interval: v.optional(Seconds, DEFAULT_INTERVAL_S),
});

export interface DeviceGrantClient {
  readonly server: DeviceGrantMetadata["server"];
  readonly clientId: string;
  readonly deviceId: string;
  readonly scope: string;
}

/** One run of the device authorization grant (RFC 8628). */
export class DeviceGrant {
  readonly #network: Network;
  readonly #client: DeviceGrantClient;
  readonly #deviceCode: string;
  readonly authorization: DeviceAuthorization;
  /** Whether a poll has said that the code is good, and waits for consent. */
  #wasPending = false;
  /** Whether an answer was lost since then: it may have brought tokens, or the one `access_denied` of the code. */
  #answerLost = false;

  private constructor(
    network: Network,
    client: DeviceGrantClient,
    deviceCode: string,
    authorization: DeviceAuthorization,
  ) {
    this.#network = network;
    this.#client = client;
    this.#deviceCode = deviceCode;
    this.authorization = authorization;
  }

  /** @throws {Failure} `url_refused` for a link that is neither https nor allowed, and what a request throws */
  static async start(network: Network, client: DeviceGrantClient, signal: AbortSignal): Promise<DeviceGrant> {
    const { server, scope } = client;
    const endpoint = server.device_authorization_endpoint;
    const oauthClient = { client_id: client.clientId };
    const askedAt = network.clock.now();
    const response = await exchangeOAuth(
      network.http,
      endpoint,
      async (options) =>
        oauth.processDeviceAuthorizationResponse(
          server,
          oauthClient,
          await oauth.deviceAuthorizationRequest(server, oauthClient, oauth.None(), { scope }, options),
        ),
      { signal },
    ).catch((error: unknown) => {
      if (!(error instanceof oauth.ResponseBodyError)) throw error;
      throw oauthRefusal(endpoint, "to start a sign-in", error);
    });

    const parsed = v.safeParse(DeviceAuthorizationResponse, response);
    if (!parsed.success) throw unusable(new URL(endpoint));
    const answer = parsed.output;
    const link = (url: string) => network.urlPolicy.check(url, new URL(endpoint)).href;
    const complete = answer.verification_uri_complete;
    return new DeviceGrant(network, client, answer.device_code, {
      verificationUri: link(answer.verification_uri),
      ...(complete === undefined ? {} : { verificationUriComplete: link(complete) }),
      userCode: answer.user_code,
      expiresAt: askedAt + Math.min(answer.expires_in, LONGEST_LIFE_S) * 1_000,
      intervalMs: clamp(answer.interval, SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S) * 1_000,
    });
  }

  /** Asks the token endpoint once. */
  async poll(signal: AbortSignal): Promise<TokenPoll> {
    const { http, clock } = this.#network;
    const { server, clientId } = this.#client;
    const oauthClient = { client_id: clientId };
    const askedAt = clock.date();
    const got: { answer?: HttpResponse } = {};
    try {
      await exchangeOAuth(
        http,
        server.token_endpoint,
        async (options) =>
          oauth.processDeviceCodeResponse(
            server,
            oauthClient,
            await oauth.deviceCodeGrantRequest(server, oauthClient, oauth.None(), this.#deviceCode, options),
          ),
        {
          signal,
          deadline: this.authorization.expiresAt + LAST_ANSWER_MS,
          // Asking less often is what `slow_down` is for, so the next poll does the repeating.
          final: [429],
          shown: grantedPart,
          onAnswer: (response) => {
            got.answer = response;
          },
        },
      );
      return grantIn(got.answer, askedAt);
    } catch (error) {
      const { answer } = got;
      if (answer && isGrant(answer)) throw await this.#discard(answer, error, signal);
      this.#answerLost ||= answer?.repeatedAfterLoss ?? false;
      // No news: whatever limits the rate hasn't looked at the code.
      if (answer?.status === 429) {
        return { status: "slow_down", ...(this.#answerLost ? { mayHaveGranted: true } : {}) };
      }
      if (!(error instanceof oauth.ResponseBodyError)) throw error;
      return this.#judgeError(error);
    }
  }

  /** RFC 8628 §3.5, by `error` alone: the status is 400 there, and 403 with Matrix Authentication Service. */
  #judgeError(error: oauth.ResponseBodyError): TokenPoll {
    switch (error.error) {
      case "authorization_pending":
        return this.#stillPending("pending");
      case "slow_down":
        return this.#stillPending("slow_down");
      case "access_denied":
        return { status: "declined" };
      case "expired_token":
        // The answer that was lost may have brought a token, shortly before the end.
        if (this.#answerLost) throw this.#tokenLost();
        return { status: "expired" };
      case "invalid_grant":
        if (this.#answerLost) throw this.#tokenLost();
        // A code that was good and brought nothing is gone: with its time, or before it.
        if (this.#wasPending) {
          return {
            status: this.#network.clock.now() >= this.authorization.expiresAt ? "expired" : "dropped",
          };
        }
    }
    const refusal = oauthRefusal(this.#client.server.token_endpoint, "the device code", error);
    throw refusal.with({ cleanup: "none" });
  }

  /** An answer that grants something which can't be kept: whatever can be read of it is revoked at once. */
  async #discard(answer: HttpResponse, why: unknown, signal: AbortSignal): Promise<unknown> {
    const { server, clientId, deviceId } = this.#client;
    const isRevoked = await revokeReadable(this.#network.http, server, clientId, answer, signal);
    if (!(why instanceof Failure) || isRevoked === undefined) return why;
    const rest = isRevoked
      ? ({ cleanup: "revoked" } as const)
      : ({ cleanup: "impossible", deviceId } as const);
    return new Failure(why.code, why.message, rest);
  }

  #stillPending(status: "pending" | "slow_down"): TokenPoll {
    this.#wasPending = true;
    this.#answerLost = false;
    return { status };
  }

  /**
   * A code is good for one token, and Tuwunel says `access_denied` only once: an answer that was lost was one of
   * these, and nobody can know which.
   */
  #tokenLost(): Failure {
    const { server, deviceId } = this.#client;
    const page = server.account_management_uri;
    const where = page === undefined ? "on the account's page" : `at ${escapeText(page)}`;
    const message =
      "An answer of the homeserver was lost, and the code is used up since: a token was issued that this device can't use or revoke, or the sign-in was declined.";
    return new Failure("token_lost", message, {
      cleanup: "impossible",
      deviceId,
      hint: `If the device ${escapeText(deviceId)} is ${where}, remove it there, then start again.`,
    });
  }
}

function isGrant({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

function grantIn(answer: HttpResponse | undefined, askedAt: Date): TokenPoll {
  if (!answer) throw new TypeError("Nothing was granted without an answer.");
  const granted = { status: "granted", tokens: toTokens(answer, askedAt) } as const;
  if (isOfBearerType(answer)) return granted;
  const message = "The homeserver granted tokens of a type that can't be used.";
  return { ...granted, unusable: new Failure("server_error", message) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
