import * as oauth from "oauth4webapi";
import { Failure } from "../foundation/failures.js";
import type { HttpClient } from "../network/http.js";
import { DEVICE_CODE_GRANT, type ServerMetadata } from "./metadata.js";
import { exchangeOAuth, oauthRefusal } from "./oauth-fetch.js";

/** Shown on the consent page. Authorization servers ask for an https page of the client. */
const CLIENT_URI = "https://www.npmjs.com/package/matrix-qr-login";

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
  const metadata = {
    client_name: clientName,
    client_uri: CLIENT_URI,
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: [DEVICE_CODE_GRANT, "refresh_token"],
    response_types: [],
  };
  let status = 0;
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
          status = response.status;
        },
      },
    );
    if (client.client_id.length > MAX_CLIENT_ID) {
      throw new Failure("server_error", `${new URL(endpoint).host} gives a client ID that can't be kept.`);
    }
    return client.client_id;
  } catch (error) {
    if (status === 401 || status === 403) throw new Failure("homeserver_without_registration");
    if (error instanceof oauth.ResponseBodyError) throw oauthRefusal(endpoint, "to register a client", error);
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
