import * as oauth from "oauth4webapi";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import type { HttpClient, HttpResponse } from "../network/http.js";
import { quotedReason } from "../network/odd-answer.js";
import { DEVICE_CODE_GRANT, type ServerMetadata } from "./metadata.js";
import { exchangeOAuth } from "./oauth-fetch.js";

/** Shown on the consent page. Authorization servers ask for an https page of the client. */
const CLIENT_URI = "https://www.npmjs.com/package/matrix-qr-login";

/** Never sent anywhere: see `METADATA`. Without a port, any may follow (RFC 8252 §7.3). */
const REDIRECT_URI = "http://127.0.0.1/";

/**
 * What Matrix Authentication Service, Tuwunel and Continuwuity all register. Only the first does so without the
 * authorization code grant, which isn't used here, and what belongs to that.
 */
const METADATA = {
  client_uri: CLIENT_URI,
  application_type: "native",
  token_endpoint_auth_method: "none",
  grant_types: [DEVICE_CODE_GRANT, "authorization_code", "refresh_token"],
  redirect_uris: [REDIRECT_URI],
  response_types: ["code"],
};

/** As long as session files hold. */
const MAX_CLIENT_ID = 2048;

/**
 * Registers this program as an OAuth client (RFC 7591, as the Matrix specification narrows it).
 *
 * @returns the client ID
 * @throws {Failure} `homeserver_without_registration`, `network_error`, `server_error`
 */
export async function registerClient(
  http: HttpClient,
  server: ServerMetadata,
  clientName: string,
  signal: AbortSignal,
): Promise<string> {
  const { registration_endpoint: endpoint } = server;
  if (endpoint === undefined) throw new Failure("homeserver_without_registration");
  const metadata = { client_name: clientName, ...METADATA };
  let answer: HttpResponse | undefined;
  try {
    const client = await exchangeOAuth(
      http,
      endpoint,
      async (options) =>
        oauth.processDynamicClientRegistrationResponse(
          await oauth.dynamicClientRegistrationRequest(server, metadata, options),
        ),
      {
        signal,
        success: 201,
        onAnswer: (response) => {
          answer = response;
        },
      },
    );
    if (client.client_id.length > MAX_CLIENT_ID) {
      throw new Failure(
        "server_error",
        `${shownHost(new URL(endpoint))} gives a client ID that can't be kept.`,
      );
    }
    return client.client_id;
  } catch (error) {
    // Whatever it says, and in whatever form: Tuwunel's 422 is plain text.
    if (answer && answer.status >= 400) {
      const message = `${shownHost(new URL(endpoint))} refuses to register this program as an OAuth client`;
      throw new Failure("homeserver_without_registration", `${message}${quotedReason(answer)}.`);
    }
    throw error;
  }
}

const STABLE_SCOPES = "urn:matrix:client:";
const UNSTABLE_SCOPES = "urn:matrix:org.matrix.msc2967.client:";

/** What a device may do: all of the client API, as this device (Matrix specification §OAuth 2.0 scopes). */
export function deviceScope(deviceId: string, isUnstable: boolean): string {
  const prefix = isUnstable ? UNSTABLE_SCOPES : STABLE_SCOPES;
  return `${prefix}api:* ${prefix}device:${deviceId}`;
}
