import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { homeserverAt } from "../../src/dev-homeserver/dev-homeserver.js";
import { type Given, Router } from "../../src/dev-homeserver/http/router.js";
import { answerTo } from "../../src/dev-homeserver/http/server.js";
import { withDefaults } from "../../src/dev-homeserver/options.js";
import { type Clock, systemClock } from "../../src/foundation/clock.js";
import type { HttpClient } from "../../src/network/http.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { call } from "../support/dev-homeserver.js";
import { localUrlPolicy } from "../support/local-url-policy.js";
import { type ActingDevice, actingDevice, type Scene } from "./scene.js";

/** So much faster goes the clock of all who take part: what takes 10 s takes 2 s. */
const HASTE = 5;
/** Far from running out, even on a busy machine. */
const LIFETIME_MS = 1_200_000;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** What a fault is given: a request that has come over a socket. */
interface OnTheWire {
  /** Has the homeserver handle it. */
  handle(): Promise<Answer>;
  answer(answer: Answer): void;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly clock: Clock;
}

export type SocketFault = (request: OnTheWire) => Promise<void>;
type FaultAt = (request: string) => SocketFault | undefined;

const hastyClock: Clock = {
  now: () => systemClock.now() * HASTE,
  date: () => new Date(Date.UTC(2026, 0, 1) + systemClock.now() * HASTE),
  sleep: (ms, signal) => systemClock.sleep(ms / HASTE, signal),
};

/** A homeserver behind a socket, and devices that reach it there. */
export class SocketScene implements Scene {
  readonly clock = {
    ...hastyClock,
    /** It passes by itself. */
    runUntil: <T>(promise: Promise<T>) => promise,
  };
  readonly baseUrl: URL;
  readonly server: Scene["server"];
  readonly directory: string;
  readonly #sockets: Server;
  readonly #clients: HttpClient[] = [];

  private constructor(baseUrl: URL, server: Scene["server"], directory: string, sockets: Server) {
    this.baseUrl = baseUrl;
    this.server = server;
    this.directory = directory;
    this.#sockets = sockets;
  }

  /** @param faultAt what goes wrong with a request, by `METHOD path` */
  static async start(faultAt: FaultAt): Promise<SocketScene> {
    const router = new Router<Given>();
    const sockets = createServer((request, response) => {
      // Only a connection that broke rejects here.
      serve(router, faultAt, request, response).catch(() => request.socket.destroy());
    });
    await new Promise<void>((resolve) => sockets.listen(0, "127.0.0.1", resolve));
    const baseUrl = new URL(`http://127.0.0.1:${(sockets.address() as AddressInfo).port}/`);
    const settings = withDefaults({
      clock: hastyClock,
      autoConsent: "allow",
      rendezvousLifetimeMs: LIFETIME_MS,
      accessTokenLifetimeMs: LIFETIME_MS,
    });
    const server = await homeserverAt(baseUrl, baseUrl.host, settings, router);
    const directory = await mkdtemp(join(tmpdir(), "matrix-qr-login-sockets-"));
    return new SocketScene(baseUrl, server, directory, sockets);
  }

  device(): ActingDevice {
    const urlPolicy = localUrlPolicy();
    const http = createHttpClient({ clock: hastyClock, env: {}, urlPolicy, userAgent: "test" });
    this.#clients.push(http);
    // Nobody kills it.
    const died = new Promise<never>(() => undefined);
    return actingDevice({ http, urlPolicy, clock: hastyClock }, died);
  }

  async isGood(token: string): Promise<boolean> {
    return (await call(this.baseUrl, "GET /_matrix/client/v3/account/whoami", { token })).status === 200;
  }

  async close(): Promise<void> {
    this.server.stop();
    await Promise.all(this.#clients.map((client) => client.close()));
    const closed = new Promise((resolve) => this.#sockets.close(resolve));
    this.#sockets.closeAllConnections();
    await closed;
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function serve(
  router: Router<Given>,
  faultAt: FaultAt,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "/", headers, socket } = request;
  const { pathname: path, searchParams: query } = new URL(url, "http://localhost");
  const body = await buffer(request);
  const handle = () => answerTo(router, { method, path, query, headers, body });
  const answer = (given: Answer) => {
    response.writeHead(given.status, given.headers);
    response.end(given.body);
  };
  const fault = faultAt(`${method} ${path}`);
  if (fault) await fault({ handle, answer, response, socket, clock: hastyClock });
  else answer(await handle());
}
