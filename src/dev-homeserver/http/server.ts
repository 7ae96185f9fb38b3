import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { readBounded } from "../../files/read-bounded.js";
import { Failure } from "../../foundation/failures.js";
import type { DevHomeserverOptions, Fault } from "../options.js";
import { type Answer, matrixError, Refusal } from "./answers.js";
import type { Given, Router } from "./router.js";

/** Upper bound of a request's body in bytes. */
const MAX_BODY = 256 * 1024;
/** Longer than Synapse keeps a connection that it doesn't use: one that is closed as it asks is a 503 for its clients. */
const KEEP_ALIVE_MS = 300_000;

/** The sockets' side: bodies in, answers out, and the faults that a test asks for. */
export class HttpServer {
  readonly #server: Server;
  readonly #router: Pick<Router<Given>, "answer">;
  readonly #intercept: DevHomeserverOptions["intercept"];

  constructor(router: Pick<Router<Given>, "answer">, intercept: DevHomeserverOptions["intercept"]) {
    this.#router = router;
    this.#intercept = intercept;
    this.#server = createServer((request, response) => {
      // Only a connection that broke off rejects here, and then there is nobody to answer.
      this.#serve(request, response).catch(() => request.socket.destroy());
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** @returns the port that is listened on */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new TypeError("The server has no port.");
    return address.port;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const target = request.url ?? "/";
    const queryAt = target.indexOf("?");
    const path = queryAt < 0 ? target : target.slice(0, queryAt);
    const query = new URLSearchParams(queryAt < 0 ? "" : target.slice(queryAt));

    const body = await readBody(request);
    const fault = this.#intercept?.({ method, path });
    if (fault?.when === "before") return fail(fault, request, response);
    const answer = await answerTo(this.#router, { method, path, query, headers: request.headers, body });
    if (fault) return fail(fault, request, response);
    send(answer, response);
  }
}

/** The URL of what listens there. An address that stands for all of them is named localhost. */
export function urlAt(host: string, port: number): URL {
  const isEvery = host === "0.0.0.0" || host === "::";
  const name = host.includes(":") ? `[${host}]` : host;
  return new URL(`http://${isEvery ? "localhost" : name}:${port}/`);
}

/**
 * What is too large is read to its end all the same: a client that is still sending would not see an answer.
 *
 * @returns the body, or undefined where it is too large
 */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const body = await readBounded(request.iterator({ destroyOnReturn: false }), MAX_BODY);
  if (!body) for await (const _rest of request);
  return body;
}

/** A request, without the socket that it came from. */
export interface BareRequest {
  readonly method: string;
  /** As it came, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Undefined where it was too large. */
  readonly body: Uint8Array | undefined;
}

/** What is answered in any case: a refusal too is an answer. */
export async function answerTo(
  router: Pick<Router<Given>, "answer">,
  { method, path, query, headers, body }: BareRequest,
): Promise<Answer> {
  try {
    if (body === undefined) throw matrixError(413, "M_TOO_LARGE", `A body has at most ${MAX_BODY} bytes.`);
    return await router.answer(method, path, { headers, query, body });
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    // Another server that this one needs for its answer.
    if (error instanceof Failure) return matrixError(502, "M_UNKNOWN", error.message).answer;
    return matrixError(500, "M_UNKNOWN", `A bug in the development homeserver: ${error}`).answer;
  }
}

function send(answer: Answer, response: ServerResponse): void {
  response.statusCode = answer.status;
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeaders(new Map(Object.entries(answer.headers)));
  response.end(answer.body);
}

function fail(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (!fault.answer) {
    request.socket.destroy();
    return;
  }
  response.writeHead(fault.answer.status, fault.answer.headers);
  response.end(fault.answer.body);
}
