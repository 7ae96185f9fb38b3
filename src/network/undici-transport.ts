import { setImmediate as nextTurn } from "node:timers/promises";
import { Agent, type Dispatcher, EnvHttpProxyAgent, errors } from "undici";
import { readBounded } from "../files/read-bounded.js";
import { Failure } from "../foundation/failures.js";
import type { Environment } from "../foundation/machine.js";
import { decodeContent } from "./content-coding.js";
import { proxySettings } from "./proxy-settings.js";
import { describeSocketError, proxyStatusOf } from "./socket-errors.js";
import { BodyTooLarge, type Transport, TransportError } from "./transport.js";
import { isLoopback } from "./url-policy.js";

const CONNECT_TIMEOUT_MS = 5_000;

const OPTIONS = {
  connect: { timeout: CONNECT_TIMEOUT_MS },
  headersTimeout: 0,
  bodyTimeout: 0,
  // Node's 250 ms for each address of a host are too few for a distant one.
  autoSelectFamilyAttemptTimeout: 1_000,
};

export interface ClosableTransport {
  readonly send: Transport;
  close(): Promise<void>;
}

/**
 * HTTP over undici: keep-alive, no redirects, and the proxies of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
 * `NO_PROXY`. Loopback is never reached through a proxy. Time limits are the caller's, by signal. A request throws
 * `usage_error` where a proxy variable names no proxy that can be used.
 */
export function createUndiciTransport(env: Environment): ClosableTransport {
  const agents = createAgents(env);
  const newAgentFor = ({ hostname }: URL) =>
    (isLoopback(hostname) ? undefined : createProxyAgent(env, OPTIONS)) ?? new Agent(OPTIONS);

  return {
    async send(request) {
      const { url, maxBytes, signal } = request;
      const own = request.ownConnection ? newAgentFor(url) : undefined;
      try {
        const answer = await (own ?? agents.agentFor(url)).request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: request.method as Dispatcher.HttpMethod,
          headers: request.headers,
          body: request.body ?? null,
          signal,
        });
        const coded = await readBounded(answer.body, maxBytes);
        if (!coded) throw new BodyTooLarge();
        // undici uses a connection again from the next turn of the event loop on. Whoever asks for something else before
        // that gets a new one, and waits for its handshakes.
        await nextTurn();
        const headers = joinHeaders(answer.headers);
        const body = await decodeContent(coded, headers["content-encoding"], maxBytes);
        return { status: answer.statusCode, headers, body };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof BodyTooLarge || error instanceof TransportError || isOurs(error)) throw error;
        throw describeSocketError(error, url, env);
      } finally {
        await own?.destroy();
      }
    },
    close: () => agents.close(),
  };
}

/** The connections that requests share: direct ones, and those through the proxies of the environment. */
export interface Agents {
  /**
   * What a request to this URL goes through.
   *
   * @throws {Failure} `usage_error` where a proxy variable names no proxy that can be used
   */
  agentFor(url: URL): Dispatcher;
  /** Ends all connections. */
  close(): Promise<void>;
}

export function createAgents(env: Environment): Agents {
  const direct = new Agent(OPTIONS);
  let proxied: Dispatcher | undefined;
  return {
    agentFor: ({ hostname }) => {
      if (isLoopback(hostname)) return direct;
      proxied ??= createProxyAgent(env, OPTIONS) ?? direct;
      return proxied;
    },
    async close() {
      await Promise.all([...new Set([direct, proxied])].map((agent) => agent?.destroy()));
    },
  };
}

/** Whether it isn't the network's: a proxy that can't be used, or a request that undici finds malformed, a bug here. */
export function isOurs(error: unknown): boolean {
  return (
    error instanceof Failure ||
    (error instanceof errors.InvalidArgumentError && proxyStatusOf(error) === undefined)
  );
}

function createProxyAgent(
  env: Environment,
  options: ConstructorParameters<typeof Agent>[0],
): Dispatcher | undefined {
  const settings = proxySettings(env);
  // Without the empty strings undici would look into the process's own environment.
  return settings && new EnvHttpProxyAgent({ ...options, ...settings, proxyTunnel: false });
}

function joinHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}
