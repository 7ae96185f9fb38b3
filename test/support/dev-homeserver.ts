import { onTestFinished } from "vitest";
import {
  type DevHomeserver,
  type DevHomeserverOptions,
  startDevHomeserver,
} from "../../src/dev-homeserver/dev-homeserver.js";
import { systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { createAccountHomeserver } from "../../src/homeserver/account-homeserver.js";
import type { AccessTokens } from "../../src/homeserver/sign-in-tokens.js";
import { createHttpClient } from "../../src/network/http-client.js";
import type { AccountHomeserver } from "../../src/protocol/homeserver.js";
import { FakeClock } from "./fake-clock.js";
import { localUrlPolicy } from "./local-url-policy.js";

export const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
export const WHOAMI = "GET /_matrix/client/v3/account/whoami";

/** A development homeserver on a clock that stands still, closed when the test ends. */
export async function devHomeserver(
  options: DevHomeserverOptions = {},
): Promise<DevHomeserver & { readonly clock: FakeClock }> {
  const clock = new FakeClock();
  const server = await startDevHomeserver({ clock, ...options });
  onTestFinished(() => server.close());
  return { ...server, clock };
}

/** The account to its existing device, asked over the network. */
export function accountOf({ baseUrl, existingSession }: DevHomeserver): AccountHomeserver {
  const urlPolicy = localUrlPolicy();
  const http = createHttpClient({ clock: systemClock, env: {}, urlPolicy, userAgent: "test" });
  onTestFinished(() => http.close());
  const accessTokens: AccessTokens = {
    current: async () => new Secret(existingSession.access_token),
    renew: () => Promise.reject(new Failure("session_dead")),
  };
  return createAccountHomeserver({ baseUrl, http, accessTokens });
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface CallOptions {
  readonly token?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request; no redirect is followed. */
export async function call(baseUrl: URL, request: string, options: CallOptions = {}): Promise<Reply> {
  const [method = "GET", path = "/"] = request.split(" ");
  const body =
    options.body ?? (options.json === undefined ? undefined : JSON.stringify(options.json)) ?? undefined;
  const response = await fetch(new URL(path, baseUrl), {
    method,
    redirect: "manual",
    headers: {
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    ...(options.form && { body: new URLSearchParams(options.form) }),
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
}

/** A text field of an answer, which has to be there. */
export function field(reply: Reply, name: string): string {
  const value = reply.body[name];
  if (typeof value !== "string") throw new TypeError(`The answer has no text ${name}: ${reply.text}`);
  return value;
}

export const CLIENT_METADATA = {
  client_name: "Test client",
  client_uri: "https://client.example.org/",
  token_endpoint_auth_method: "none",
  grant_types: [DEVICE_CODE, "refresh_token"],
  response_types: [],
};

export async function register(baseUrl: URL, metadata: object = CLIENT_METADATA): Promise<string> {
  return field(await call(baseUrl, "POST /oauth2/registration", { json: metadata }), "client_id");
}

export interface Authorization {
  readonly clientId: string;
  readonly deviceCode: string;
  readonly userCode: string;
  readonly reply: Reply;
}

export async function authorizeDevice(
  baseUrl: URL,
  deviceId = "NEWDEVICE1",
  clientMetadata: object = CLIENT_METADATA,
): Promise<Authorization> {
  const clientId = await register(baseUrl, clientMetadata);
  const scope = `urn:matrix:client:api:* urn:matrix:client:device:${deviceId}`;
  const reply = await call(baseUrl, "POST /oauth2/device", { form: { client_id: clientId, scope } });
  return { clientId, deviceCode: field(reply, "device_code"), userCode: field(reply, "user_code"), reply };
}

export function pollToken(baseUrl: URL, { clientId, deviceCode }: Authorization): Promise<Reply> {
  const form = { grant_type: DEVICE_CODE, client_id: clientId, device_code: deviceCode };
  return call(baseUrl, "POST /oauth2/token", { form });
}

/** Exchanges a refresh token of the client's. */
export function refresh(baseUrl: URL, { clientId }: Pick<Authorization, "clientId">, refreshToken: string) {
  const form = { grant_type: "refresh_token", client_id: clientId, refresh_token: refreshToken };
  return call(baseUrl, "POST /oauth2/token", { form });
}

/** Signs a new device in, and gives the token endpoint's answer. */
export async function signIn(
  server: DevHomeserver,
  deviceId = "NEWDEVICE1",
  clientMetadata: object = CLIENT_METADATA,
): Promise<Authorization & { readonly accessToken: string; readonly refreshToken: string }> {
  const authorization = await authorizeDevice(server.baseUrl, deviceId, clientMetadata);
  server.decide(authorization.userCode, "allow");
  const reply = await pollToken(server.baseUrl, authorization);
  return {
    ...authorization,
    accessToken: field(reply, "access_token"),
    refreshToken: field(reply, "refresh_token"),
  };
}
