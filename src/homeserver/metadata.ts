import * as v from "valibot";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import { endpoint } from "../network/base-url.js";
import type { HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import { errorCodeOf, oddAnswer } from "../network/odd-answer.js";
import type { UrlPolicy } from "../network/url-policy.js";
import { answerObject } from "../protocol/answer-object.js";

export const DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

const PATHS = {
  stable: "_matrix/client/v1/auth_metadata",
  unstable: "_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
} as const;

const Url = v.pipe(v.string(), v.maxLength(2_048));

/** What is needed here of the OAuth 2.0 server metadata (RFC 8414 §2, Matrix specification §OAuth 2.0 API). */
const ServerMetadata = answerObject({
  issuer: Url,
  token_endpoint: Url,
  registration_endpoint: v.exactOptional(Url),
  device_authorization_endpoint: v.exactOptional(Url),
  revocation_endpoint: v.exactOptional(Url),
  account_management_uri: v.exactOptional(Url),
  grant_types_supported: v.exactOptional(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(100)),
  ),
});
export type ServerMetadata = v.InferOutput<typeof ServerMetadata>;

export interface AuthMetadata {
  readonly server: ServerMetadata;
  /** True where only the unstable path of MSC2965 is there. */
  readonly isUnstable: boolean;
}

/** The metadata of a homeserver that offers the device authorization grant. */
export interface DeviceGrantMetadata extends AuthMetadata {
  readonly server: ServerMetadata & { readonly device_authorization_endpoint: string };
}

/**
 * The OAuth 2.0 server of a homeserver, its URLs held to the URL policy.
 *
 * @throws {Failure} `homeserver_without_oauth`, `url_refused`, `network_error`, `server_error`
 */
export async function fetchAuthMetadata(
  network: Omit<Network, "clock">,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<AuthMetadata> {
  for (const [stability, path] of Object.entries(PATHS)) {
    const url = endpoint(baseUrl, path);
    const response = await network.http.send({ method: "GET", url, final: ["text"], signal });
    if (response.status === 200) {
      return { server: parse(url, response, network.urlPolicy), isUnstable: stability === "unstable" };
    }
    if (response.status !== 404 && errorCodeOf(response) !== "M_UNRECOGNIZED") throw oddAnswer(url, response);
  }
  throw new Failure(
    "homeserver_without_oauth",
    `${shownHost(baseUrl)} can't sign devices in by QR code: it lacks the sign-in (OAuth 2.0) that this takes.`,
  );
}

/** Whether a homeserver has an OAuth 2.0 server, also where that can't be found out. @throws the signal's reason */
export async function offersOAuth(
  network: Omit<Network, "clock">,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await fetchAuthMetadata(network, baseUrl, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return Failure.from(error).code !== "homeserver_without_oauth";
  }
}

/**
 * Whether a device can be signed in by QR code at all, asked before any code is shown.
 *
 * @throws {Failure} `homeserver_without_device_grant`, and what `fetchAuthMetadata` throws
 */
export async function requireDeviceGrant(
  network: Omit<Network, "clock">,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<DeviceGrantMetadata> {
  const { server, isUnstable } = await fetchAuthMetadata(network, baseUrl, signal);
  const { device_authorization_endpoint, grant_types_supported } = server;
  const isGranted = grant_types_supported?.includes(DEVICE_CODE_GRANT) ?? true;
  if (device_authorization_endpoint === undefined || !isGranted) {
    throw new Failure(
      "homeserver_without_device_grant",
      `${shownHost(baseUrl)} can't sign devices in by QR code: its sign-in can't be approved on another device.`,
    );
  }
  return { server: { ...server, device_authorization_endpoint }, isUnstable };
}

function parse(url: URL, response: HttpResponse, urlPolicy: UrlPolicy): ServerMetadata {
  if (response.json === undefined) throw oddAnswer(url, response);
  const parsed = v.safeParse(ServerMetadata, response.json, { abortEarly: true });
  if (!parsed.success) {
    const field = v.getDotPath(parsed.issues[0]) ?? "the answer";
    throw new Failure(
      "server_error",
      `The OAuth 2.0 metadata of ${shownHost(url)} can't be used: see "${field}".`,
      { hint: "Its admin has to repair what the authorization server says of itself." },
    );
  }
  const { grant_types_supported: _, ...urls } = parsed.output;
  const issuer = checkEndpoint(url, "issuer", urls.issuer, urlPolicy, url);
  for (const [field, endpoint] of Object.entries(urls)) {
    for (const namedBy of [url, issuer]) checkEndpoint(url, field, endpoint, urlPolicy, namedBy);
  }
  return parsed.output;
}

/** An authorization server that doesn't know its public address names one that is no good to others. */
function checkEndpoint(url: URL, field: string, endpoint: string, urlPolicy: UrlPolicy, namedBy: URL): URL {
  try {
    return urlPolicy.check(endpoint, namedBy);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const message = `The OAuth 2.0 metadata of ${shownHost(url)} names a URL that can't be used, as "${field}". ${error.message}`;
    // Only the host can be let in: not where the URL is wrong in another way.
    const hint = error.details.hint === undefined ? {} : { hint: PUBLIC_ADDRESS };
    throw new Failure(error.code, message, { cause: error, ...hint });
  }
}

const PUBLIC_ADDRESS =
  "The authorization server's admin has to set its public address, with https (Matrix Authentication Service: http.public_base).";
