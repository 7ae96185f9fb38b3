import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { endpoint } from "../network/base-url.js";
import type { HttpClient, HttpRequest, HttpResponse } from "../network/http.js";
import { errorCodeOf } from "../network/odd-answer.js";
import type { JsonObject } from "../protocol/canonical-json.js";
import type { AccessTokens } from "./sign-in-tokens.js";

export interface MatrixApiOptions {
  readonly baseUrl: URL;
  readonly http: HttpClient;
  readonly accessTokens: AccessTokens;
}

export interface MatrixRequest extends Pick<HttpRequest, "method" | "maxBytes"> {
  /** Below the base URL, each segment percent-encoded. */
  readonly path: string;
  readonly body?: JsonObject;
}

/** The client-server API with an access token, which goes to its own base URL and nowhere else. */
export class MatrixApi {
  readonly baseUrl: URL;
  readonly #http: HttpClient;
  readonly #accessTokens: AccessTokens;

  constructor({ baseUrl, http, accessTokens }: MatrixApiOptions) {
    this.baseUrl = baseUrl;
    this.#http = http;
    this.#accessTokens = accessTokens;
  }

  url(path: string): URL {
    return endpoint(this.baseUrl, path);
  }

  /**
   * Sends a request, once more with a renewed access token where the homeserver no longer knows this one.
   * That is so even without `soft_logout`, which Synapse says is false of tokens that have merely expired.
   *
   * @throws {Failure} `session_dead`, and what the HTTP client throws
   */
  async send(request: MatrixRequest, signal: AbortSignal): Promise<HttpResponse> {
    const accessToken = await this.#accessTokens.current(signal);
    const response = await this.#sendAs(accessToken, request, signal);
    if (!isUnknownToken(response)) return response;
    const renewed = await this.#accessTokens.renew(accessToken, signal);
    const again = await this.#sendAs(renewed, request, signal);
    if (isUnknownToken(again)) throw new Failure("session_dead");
    return again;
  }

  #sendAs(
    accessToken: Secret,
    { path, body, ...request }: MatrixRequest,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const json =
      body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return this.#http.send({ ...request, url: this.url(path), accessToken, signal, ...json });
  }
}

/** Whether the homeserver doesn't know the access token of a request, or knows it no longer. */
export function isUnknownToken(response: HttpResponse): boolean {
  return response.status === 401 && errorCodeOf(response) === "M_UNKNOWN_TOKEN";
}
