import { json } from "../http/answers.js";
import type { Routes } from "../http/router.js";

export const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";

/** What the authorization server can be set to do without. */
export interface OAuthFeatures {
  readonly deviceGrant: boolean;
  readonly registration: boolean;
  /** Whether links to the consent page come with the user code in them, too. */
  readonly verificationUriComplete: boolean;
}

/** The server metadata (RFC 8414, RFC 8628 §4) at every place where clients look for it. */
export function metadataRoutes(issuer: URL, features: OAuthFeatures): Routes {
  const endpoint = (path: string) => new URL(path, issuer).href;
  const metadata = {
    issuer: issuer.href,
    // Real clients refuse metadata without the authorization code grant. Here it ends in a page that says so.
    authorization_endpoint: endpoint("authorize"),
    token_endpoint: endpoint("oauth2/token"),
    revocation_endpoint: endpoint("oauth2/revoke"),
    ...(features.registration && { registration_endpoint: endpoint("oauth2/registration") }),
    ...(features.deviceGrant && { device_authorization_endpoint: endpoint("oauth2/device") }),
    response_types_supported: ["code"],
    response_modes_supported: ["query", "fragment"],
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      ...(features.deviceGrant ? [DEVICE_CODE] : []),
    ],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
    revocation_endpoint_auth_methods_supported: ["none"],
    // MSC4191. Synapse takes no metadata without it.
    account_management_uri: endpoint("account"),
  };
  const answer = () => json(200, metadata);
  return {
    "GET /_matrix/client/v1/auth_metadata": answer,
    "GET /_matrix/client/unstable/org.matrix.msc2965/auth_metadata": answer,
    "GET /.well-known/oauth-authorization-server": answer,
    "GET /.well-known/openid-configuration": answer,
  };
}
