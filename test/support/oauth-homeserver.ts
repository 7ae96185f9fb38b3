import type { HttpRequest } from "../../src/network/http.js";

export const AUTH_METADATA = {
  issuer: "https://auth.example/",
  token_endpoint: "https://auth.example/token",
  registration_endpoint: "https://auth.example/register",
  device_authorization_endpoint: "https://auth.example/device",
  revocation_endpoint: "https://auth.example/revoke",
  account_management_uri: "https://auth.example/account",
  grant_types_supported: [
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
  ],
};

/** The routes of `FakeHttp` for a homeserver that offers the device authorization grant. */
export const OAUTH_ROUTES = {
  "GET https://hs.example/_matrix/client/versions": { json: { versions: ["v1.14", "v1.15"] } },
  "GET https://hs.example/_matrix/client/v1/auth_metadata": { json: AUTH_METADATA },
  "POST https://auth.example/register": { status: 201, json: { client_id: "client" } },
  "POST https://auth.example/device": {
    json: {
      device_code: "code",
      user_code: "ABC123",
      verification_uri: "https://auth.example/link",
      expires_in: 1200,
      interval: 5,
    },
  },
  "POST https://auth.example/token": { status: 403, json: { error: "authorization_pending" } },
  "POST https://auth.example/revoke": {},
};

export function formOf(request: HttpRequest): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(request.body));
}
