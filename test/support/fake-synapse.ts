import { onTestFinished } from "vitest";
import { json, matrixError } from "../../src/dev-homeserver/http/answers.js";
import { type Call, type Given, Router } from "../../src/dev-homeserver/http/router.js";
import { HttpServer, urlAt } from "../../src/dev-homeserver/http/server.js";
import {
  type SynapseAuthorization,
  type SynapseOptions,
  startForSynapse,
} from "../../src/dev-homeserver/synapse/start.js";
import { type Clock, systemClock } from "../../src/foundation/clock.js";
import { Secret } from "../../src/foundation/secret.js";
import type { HttpClient } from "../../src/network/http.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { FakeClock } from "./fake-clock.js";
import { localUrlPolicy } from "./local-url-policy.js";
import { freePorts } from "./stack-parts.js";

const LOOPBACK = "127.0.0.1";
export const SHARED_SECRET = "shared-by-both";

interface FakeSynapseSettings {
  /** What it has for its authorization server; none where that is undefined. */
  readonly endpoint: URL | undefined;
  readonly secret: string;
}

/** What Synapse does with an authorization server, and a note of all that it was told. */
export class FakeSynapse {
  readonly url: URL;
  /** What was told or uploaded, in order: `upsert_device NEWDEVICE1`. */
  readonly log: string[] = [];
  /** Fails at whatever it is told. */
  broken = false;
  readonly #server: HttpServer;

  private constructor(server: HttpServer, url: URL) {
    this.#server = server;
    this.url = url;
  }

  static async start({ endpoint, secret }: FakeSynapseSettings): Promise<FakeSynapse> {
    const router = new Router<Given>();
    const server = new HttpServer(router, undefined);
    const synapse = new FakeSynapse(server, urlAt(LOOPBACK, await server.listen(LOOPBACK, 0)));

    const requireDevice = async ({ headers }: Call) => {
      const token = headers.authorization?.replace("Bearer ", "") ?? "";
      const owner = await introspect(endpoint, secret, token);
      if (owner["active"] !== true) throw matrixError(401, "M_UNKNOWN_TOKEN", "Token is not active");
      return owner;
    };
    const requireSecret = ({ headers }: Call) => {
      if (headers.authorization === `Bearer ${secret}`) return;
      throw matrixError(403, "M_UNKNOWN", "This endpoint must only be called by MAS");
    };
    const upload = (what: string, answer: object) => async (call: Call) => {
      const { scope } = await requireDevice(call);
      synapse.log.push(`${what} by ${String(scope).split(":").at(-1)}`);
      return json(200, answer);
    };
    router.add({
      "GET /.well-known/matrix/client": () =>
        json(200, { "m.homeserver": { base_url: "https://matrix.example.org/" } }),
      "GET /_synapse/mas/query_user": (call) => {
        requireSecret(call);
        return json(200, { user_id: `@${call.query.get("localpart")}:example.org` });
      },
      "POST /_synapse/mas/{what}": (call) => {
        requireSecret(call);
        if (synapse.broken) throw matrixError(500, "M_UNKNOWN", "Internal server error");
        const { device_id, devices, localpart } = JSON.parse(Buffer.from(call.body).toString("utf8"));
        synapse.log.push(`${call.param("what")} ${device_id ?? devices ?? localpart}`);
        return json(200, {});
      },
      "POST /_matrix/client/v3/keys/device_signing/upload": upload("cross-signing keys", {}),
      "POST /_matrix/client/v3/keys/upload": upload("device keys", {}),
      "POST /_matrix/client/v3/room_keys/version": upload("key backup", { version: "7" }),
      "PUT /_matrix/client/v3/user/{userId}/account_data/{type}": (call) =>
        upload(call.param("type").replace(/key\..*/, "key"), {})(call),
    });
    if (endpoint) {
      router.add({
        "GET /_matrix/client/v1/auth_metadata": async () => {
          const answer = await fetch(new URL(".well-known/openid-configuration", endpoint)).catch(() => {
            throw matrixError(500, "M_UNKNOWN", "Internal server error");
          });
          return json(200, await answer.json());
        },
      });
    }
    return synapse;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** As Synapse asks what a token is good for. */
export async function introspect(
  endpoint: URL | undefined,
  secret: string,
  token: string,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(new URL("oauth2/introspect", endpoint), {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body: new URLSearchParams({ token, token_type_hint: "access_token" }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

/** A free port on loopback, and the URL of a server that will listen there. */
export async function futureEndpoint(): Promise<{ readonly port: number; readonly endpoint: URL }> {
  const [port = 0] = await freePorts(1);
  return { port, endpoint: urlAt(LOOPBACK, port) };
}

/** What Synapse is asked with, closed when the test ends. */
export function httpToSynapse(clock: Clock = systemClock): HttpClient {
  const http = createHttpClient({ clock, env: {}, urlPolicy: localUrlPolicy(), userAgent: "test" });
  onTestFinished(() => http.close());
  return http;
}

/** An authorization server in front of a Synapse that is set for it, both closed when the test ends. */
export async function inFrontOfSynapse(options: Partial<SynapseOptions> = {}): Promise<{
  readonly synapse: FakeSynapse;
  readonly server: SynapseAuthorization;
  readonly endpoint: URL;
  readonly clock: FakeClock;
}> {
  const { port, endpoint } = await futureEndpoint();
  const synapse = await FakeSynapse.start({ endpoint, secret: SHARED_SECRET });
  onTestFinished(() => synapse.close());
  const clock = new FakeClock();
  const secret = new Secret(SHARED_SECRET);
  const server = await startForSynapse({
    clock,
    http: httpToSynapse(),
    synapse: synapse.url,
    secret,
    port,
    ...options,
  });
  onTestFinished(() => server.close());
  return { synapse, server, endpoint, clock };
}
