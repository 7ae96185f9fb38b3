import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Failure } from "../foundation/failures.js";
import { describeListenError } from "../foundation/listen-error.js";
import type { Secret } from "../foundation/secret.js";
import { isLoopback } from "../network/url-policy.js";
import { matrixError, type OwnAnswer, sendOwn } from "./answers.js";
import { type ForwardContext, forward } from "./forward.js";
import { type KnownVersions, LOGIN_FLOWS, wellKnown } from "./known-answers.js";
import type { ListenAddress } from "./listen-address.js";
import { isLocalToken, tokenOfRequest } from "./local-token.js";
import type { Pace } from "./pace.js";
import { judge, refusalOfHeaders } from "./request-policy.js";

/** Programs keep connections open between requests; Node would close them after 5 s. */
const KEEP_ALIVE_MS = 120_000;
/** A program that has a wrong token, and doesn't pause by itself, is answered this late. */
const UNKNOWN_TOKEN_MS = 1_000;
/** For whoever has the token, the homeserver's own answer. */
const VERSIONS = { target: "/_matrix/client/versions", path: "/_matrix/client/versions" };

export interface ProxyServerOptions extends ForwardContext {
  readonly token: Secret;
  readonly versions: Pick<KnownVersions, "answer">;
  /** Of answers to those without a token. */
  readonly strangersPace: Pick<Pace, "wait">;
  /** What /logout does to the session itself, where it may do that. */
  readonly revoke: (() => Promise<void>) | undefined;
}

/** A session's homeserver on this machine, for whoever has the local token. */
export class ProxyServer {
  readonly #options: ProxyServerOptions;
  readonly #server: Server;
  #baseUrl = "";
  #isLocal = true;
  /** The program has signed out: its token is good for nothing until the proxy starts anew. */
  #isSignedOut = false;

  constructor(options: ProxyServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      // Only a connection that broke off rejects here, or a bug; either way the program notices by its connection.
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    // Uploads take the time that they take.
    this.#server.requestTimeout = 0;
    this.#server.on("connect", (_request, socket) => refuseSwitch(socket));
    this.#server.on("upgrade", (_request, socket) => refuseSwitch(socket));
  }

  /**
   * @returns where programs reach it, without a slash at its end, and whether that is on loopback only
   * @throws {Failure} `address_unavailable`
   */
  async listen(address: ListenAddress): Promise<{ readonly baseUrl: string; readonly isLocal: boolean }> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(address, resolve);
      });
    } catch (error) {
      throw new Failure("address_unavailable", describeListenError(error), { cause: error });
    }
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") {
      await this.close();
      throw new Failure("address_unavailable", "The socket that was passed isn't a TCP socket.");
    }
    const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
    this.#isLocal = isLoopback(host);
    // An address that stands for all of them is none to connect to.
    const reached = host === "0.0.0.0" || host === "[::]" ? "127.0.0.1" : host;
    this.#baseUrl = `http://${reached}:${bound.port}`;
    return { baseUrl: this.#baseUrl, isLocal: this.#isLocal };
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const { method = "GET", url: rawTarget = "/", headers, rawHeaders } = request;
    const refusal = refusalOfHeaders(headers, rawHeaders, this.#isLocal);
    if (refusal) return sendOwn(response, matrixError(refusal.status, refusal.errcode, refusal.error));
    const verdict = judge(method, rawTarget);
    if (verdict.to === "refuse") {
      return sendOwn(response, matrixError(verdict.status, verdict.errcode, verdict.error));
    }
    if (verdict.to === "well_known") return ok(response, wellKnown(this.#baseUrl));
    if (verdict.to === "login_flows") return ok(response, LOGIN_FLOWS);

    const given = tokenOfRequest(headers, rawTarget);
    const isKnown = given !== undefined && isLocalToken(this.#options.token, given) && !this.#isSignedOut;
    if (verdict.to === "versions" && given === undefined) return sendOwn(response, await this.#versions());
    if (!isKnown) return this.#turnAway(response, given, gone.signal);
    if (verdict.to === "health") return sendOwn(response, this.#health());
    if (verdict.to === "logout") return this.#logOut(method, response);
    const { target, path } = verdict.to === "forward" ? verdict : VERSIONS;
    await forward({ request, response, target, path, signal: gone.signal }, this.#options);
  }

  async #turnAway(response: ServerResponse, given: string | undefined, signal: AbortSignal): Promise<void> {
    await this.#options.strangersPace.wait(UNKNOWN_TOKEN_MS, signal);
    const answer =
      given === undefined
        ? matrixError(401, "M_MISSING_TOKEN", "The proxy's access token is missing.")
        : matrixError(401, "M_UNKNOWN_TOKEN", "That is not the proxy's access token.");
    sendOwn(response, answer);
  }

  async #versions(): Promise<OwnAnswer> {
    const answer = await this.#options.versions.answer();
    if (answer) return { status: 200, body: answer };
    const pauseMs = UNKNOWN_TOKEN_MS;
    return matrixError(502, "M_UNKNOWN", "The homeserver hasn't been reached yet.", pauseMs);
  }

  #health(): OwnAnswer {
    const { keeper, upstream } = this.#options;
    const isAlive = keeper.death === undefined;
    const expiresAt = keeper.expiresAt;
    const body = {
      alive: isAlive,
      reachable: upstream.isReachable,
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    };
    return { status: isAlive && upstream.isReachable ? 200 : 503, body };
  }

  async #logOut(method: string, response: ServerResponse): Promise<void> {
    const { revoke } = this.#options;
    if (method !== "POST") {
      return sendOwn(response, matrixError(405, "M_UNRECOGNIZED", "It is asked for by POST."));
    }
    try {
      await revoke?.();
    } catch (error) {
      return sendOwn(response, matrixError(502, "M_UNKNOWN", Failure.from(error).message));
    }
    this.#isSignedOut = true;
    ok(response, {});
  }
}

function ok(response: ServerResponse, body: object): void {
  sendOwn(response, { status: 200, body });
}

/** CONNECT, and the other protocols that `Upgrade` asks for. */
function refuseSwitch(socket: Duplex): void {
  socket.on("error", () => undefined);
  const answer = "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  // Node's server knows it no longer, and couldn't close while the program keeps its end open.
  socket.end(answer, () => socket.destroy());
}
