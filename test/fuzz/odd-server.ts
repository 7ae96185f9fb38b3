import fc from "fast-check";
import { isJsonObject } from "../../src/foundation/json.js";
import { RepeatingHttpClient } from "../../src/network/http-client.js";
import type { Network } from "../../src/network/network.js";
import { BodyTooLarge, type TransportAnswer, type TransportRequest } from "../../src/network/transport.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { FakeClock } from "../support/fake-clock.js";
import { answer } from "../support/fake-transport.js";
import { OAUTH_ROUTES } from "../support/oauth-homeserver.js";
import { DEVICE, fullSession, publishedKeys, USER } from "../support/sessions.js";
import { anyBytes, anyText, changedJson, jsonChanges } from "./arbitraries.js";

/** What is wrong with one answer of a server: nothing, or its status, headers or body. */
const oddity = fc.record({
  status: fc.option(
    fc.constantFrom(
      200,
      201,
      202,
      204,
      301,
      302,
      304,
      307,
      400,
      401,
      403,
      404,
      409,
      412,
      413,
      418,
      429,
      500,
      502,
    ),
    { nil: undefined },
  ),
  headers: fc.dictionary(
    fc.constantFrom("retry-after", "date", "expires", "etag", "location", "content-type", "content-length"),
    fc.oneof(
      anyText,
      fc.constantFrom(
        "0",
        "1",
        "-1",
        "1e9",
        "9".repeat(400),
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
      ),
      fc.constantFrom('W/"1"', "https://elsewhere.example/", "http://127.0.0.1:631/", "//x", "text/html"),
    ),
    { maxKeys: 2 },
  ),
  body: fc.option(fc.oneof(jsonChanges, anyBytes, fc.constant("huge" as const)), { nil: undefined }),
});
export const oddities = fc.array(fc.option(oddity, { nil: undefined, freq: 2 }), {
  minLength: 1,
  maxLength: 6,
});
type Oddities = typeof oddities extends fc.Arbitrary<infer T> ? T : never;

/** Of a rendezvous session, which is polled once a second: mostly this is counted down. */
const LIFETIME_MS = 20_000;
const SESSION = fullSession();
const { masterKey, selfSigningKey, userSigningKey, deviceKeys } = publishedKeys(SESSION);
const CREATED = { id: "id-1", sequence_token: "token-1", expires_in_ms: LIFETIME_MS };

/** What a homeserver answers that has everything, by method and the end of the path. */
const VALID: readonly (readonly [method: string, path: RegExp, body: unknown, status?: number])[] = [
  ["GET", /well-known/, { "m.homeserver": { base_url: "https://hs.example/" } }],
  ["GET", /versions$/, OAUTH_ROUTES["GET https://hs.example/_matrix/client/versions"].json],
  ["GET", /auth_metadata$/, OAUTH_ROUTES["GET https://hs.example/_matrix/client/v1/auth_metadata"].json],
  ["POST", /\/register$/, { client_id: "client" }, 201],
  ["POST", /\/device$/, OAUTH_ROUTES["POST https://auth.example/device"].json],
  ["POST", /\/token$/, { access_token: "at", refresh_token: "rt", expires_in: 300, token_type: "Bearer" }],
  ["POST", /\/revoke$/, {}],
  ["GET", /whoami$/, { user_id: USER, device_id: DEVICE }],
  ["GET", /\/devices\//, { device_id: DEVICE }],
  [
    "POST",
    /keys\/query$/,
    {
      device_keys: { [USER]: deviceKeys },
      master_keys: { [USER]: masterKey },
      self_signing_keys: { [USER]: selfSigningKey },
      user_signing_keys: { [USER]: userSigningKey },
    },
  ],
  ["POST", /upload$/, {}],
  ["GET", /account_data/, { key: "key" }],
  ["GET", /room_keys\/version$/, { version: "1", algorithm: "m.x", auth_data: { public_key: "key" } }],
  ["GET", /federation\/v1\/version$/, { server: { name: "Synapse", version: "1.163.2" } }],
  ["POST", /msc4108\/rendezvous$/, { url: "https://hs.example/rendezvous/1" }, 201],
  ["GET", /rendezvous\/1$/, ""],
  ["PUT", /rendezvous\/1$/, "", 202],
  ["POST", /rendezvous$/, CREATED],
  ["GET", /rendezvous$/, { create_available: true }],
  ["GET", /rendezvous\/id-1$/, { data: "", sequence_token: "token-1", expires_in_ms: LIFETIME_MS }],
  ["PUT", /rendezvous\/id-1$/, { sequence_token: "token-2" }],
  ["DELETE", /rendezvous/, {}],
];

/** A poll a second, for the hour that a rendezvous session may live at most, and repeats. */
const MAX_REQUESTS = 4_000;

/** A homeserver with an authorization server, whose first answers are odd, under the real HTTP client. */
export function oddServer(odd: Oddities): Network & { readonly clock: FakeClock; readonly asked: URL[] } {
  const clock = new FakeClock();
  const urlPolicy = createUrlPolicy([]);
  const asked: URL[] = [];
  const transport = async ({ method, url, maxBytes }: TransportRequest): Promise<TransportAnswer> => {
    const oddity = odd[asked.length];
    asked.push(url);
    if (asked.length > MAX_REQUESTS) throw new Error("This never ends.");
    const [, , valid, status = 200] = VALID.find(
      ([verb, path]) => verb === method && path.test(url.pathname),
    ) ?? ["", "", {}, 404];
    if (oddity?.body === "huge") throw new BodyTooLarge();
    const headers = { etag: '"1"', ...oddity?.headers };
    const left = { expires_in_ms: Math.max(0, LIFETIME_MS - clock.now()) };
    const honest = isJsonObject(valid) && "expires_in_ms" in valid ? { ...valid, ...left } : valid;
    const answered = answer(oddity?.status ?? status, bodyOf(honest, oddity?.body), headers);
    if (oddity?.body instanceof Uint8Array) return { ...answered, body: Buffer.from(oddity.body) };
    if (answered.body.length > maxBytes) throw new BodyTooLarge();
    return answered;
  };
  const http = new RepeatingHttpClient({
    clock,
    urlPolicy,
    userAgent: "test",
    transport,
    close: async () => {},
  });
  return { http, urlPolicy, clock, asked };
}

function bodyOf(valid: unknown, body: NonNullable<Oddities[number]>["body"]): unknown {
  return Array.isArray(body) ? changedJson(valid, body) : valid;
}
