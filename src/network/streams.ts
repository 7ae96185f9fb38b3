import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { Environment } from "../foundation/machine.js";
import { describeSocketError } from "./socket-errors.js";
import { createAgents, isOurs } from "./undici-transport.js";

/** A request whose body and answer pass as streams. */
interface StreamRequest {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: URL;
  /** Path and query, byte for byte as they go on the wire. */
  readonly target: string;
  /** Names and values in turn, as Node's `rawHeaders` has them. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer | Readable | null;
  readonly signal: AbortSignal;
}

/** An answer whose body has yet to be read: whoever gets one reads it to its end, or destroys it. */
export interface StreamAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: Readable;
}

export interface StreamTransport {
  /**
   * Sends a request once. No redirect is followed, nothing is decompressed, and nothing is bounded: not the sizes, and
   * not the time but for that of connecting.
   *
   * @throws {TransportError} where no answer came
   * @throws the signal's reason
   */
  send(request: StreamRequest): Promise<StreamAnswer>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * HTTP over undici, through the proxies of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, which loopback
 * never is.
 *
 * @param server whom it is for
 * @throws {Failure} `usage_error` where a variable names no proxy that can be used
 */
export function createStreamTransport(env: Environment, server: URL): StreamTransport {
  const agents = createAgents(env);
  agents.agentFor(server);
  return {
    async send({ method, origin, target, rawHeaders, body, signal }) {
      try {
        const answer = await agents.agentFor(origin).request({
          origin: origin.origin,
          path: target,
          method: method as Dispatcher.HttpMethod,
          headers: [...rawHeaders],
          body,
          signal,
          responseHeaders: "raw",
        });
        return {
          status: answer.statusCode,
          // With `raw` undici gives what its types don't say.
          rawHeaders: answer.headers as unknown as string[],
          body: answer.body,
        };
      } catch (error) {
        signal.throwIfAborted();
        if (isOurs(error)) throw error;
        throw describeSocketError(error, origin, env);
      }
    },
    close: () => agents.close(),
  };
}
