import { Agent, type Dispatcher, EnvHttpProxyAgent, errors } from "undici";
import { readBounded } from "../files/read-bounded.js";
import { Failure } from "../foundation/failures.js";
import type { Environment } from "../foundation/machine.js";
import { decodeContent } from "./content-coding.js";
import { describeSocketError } from "./socket-errors.js";
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
 * HTTP over undici: keep-alive, no redirects, and the proxies of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
 * Loopback is never reached through a proxy. Time limits are the caller's, by signal.
 *
 * @throws {Failure} `usage_error` where a proxy variable holds no URL
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
        const headers = joinHeaders(answer.headers);
        const body = await decodeContent(coded, headers["content-encoding"], maxBytes);
        return { status: answer.statusCode, headers, body };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof BodyTooLarge || error instanceof TransportError) throw error;
        // A request that undici finds malformed is a bug here, not the network's.
        if (error instanceof errors.InvalidArgumentError) throw error;
        throw describeSocketError(error);
      } finally {
        await own?.destroy();
      }
    },
    close: () => agents.close(),
  };
}

/** The connections that requests share: direct ones, and those through the proxies of the environment. */
export interface Agents {
  /** What a request to this URL goes through. */
  agentFor(url: URL): Dispatcher;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** @throws {Failure} `usage_error` where a proxy variable holds no URL */
export function createAgents(env: Environment): Agents {
  const direct = new Agent(OPTIONS);
  const proxied = createProxyAgent(env, OPTIONS) ?? direct;
  return {
    agentFor: ({ hostname }) => (isLoopback(hostname) ? direct : proxied),
    async close() {
      await Promise.all([...new Set([direct, proxied])].map((agent) => agent.destroy()));
    },
  };
}

function createProxyAgent(
  env: Environment,
  options: ConstructorParameters<typeof Agent>[0],
): Dispatcher | undefined {
  const variable = (name: string) => env[name.toLowerCase()] || env[name] || "";
  const [httpsProxy, httpProxy] = [variable("HTTPS_PROXY"), variable("HTTP_PROXY")];
  if (!httpsProxy && !httpProxy) return undefined;
  for (const proxy of [httpsProxy, httpProxy]) {
    if (proxy && !URL.canParse(proxy)) {
      throw new Failure("usage_error", "HTTPS_PROXY or HTTP_PROXY is not a URL.", {
        hint: "Write it as http://HOST:PORT.",
      });
    }
  }
  // Without the empty strings undici would look into the process's own environment.
  return new EnvHttpProxyAgent({
    ...options,
    httpsProxy,
    httpProxy,
    noProxy: variable("NO_PROXY"),
    proxyTunnel: false,
  });
}

function joinHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}
