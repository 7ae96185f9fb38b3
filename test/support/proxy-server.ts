import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import type { StreamAnswer } from "../../src/network/streams.js";
import { ANY_LOOPBACK, type ListenAddress } from "../../src/proxy/listen-address.js";
import { ProxyServer, type ProxyServerOptions } from "../../src/proxy/proxy-server.js";
import type { UpstreamRequest } from "../../src/proxy/upstream.js";
import { type CallOptions, call } from "./dev-homeserver.js";
import { raw } from "./local-server.js";

const LOCAL_TOKEN = "mqlp_local";

/** What has reached the homeserver. */
interface Sent extends Pick<UpstreamRequest, "method" | "target" | "rawHeaders"> {
  readonly token: string;
  readonly body: Buffer | null;
  readonly isStreamed: boolean;
}

/** A homeserver's answer. */
export const answer = (status: number, body: string | Buffer = "{}"): StreamAnswer => ({
  status,
  rawHeaders: ["Content-Type", "application/json"],
  body: Readable.from([Buffer.from(body)]),
});

/** A proxy server that listens, with all behind it in memory, and no waiting. */
export async function proxyServer(
  /** What the homeserver answers in turn. */
  answers: (StreamAnswer | Error)[] = [],
  changes: Partial<ProxyServerOptions> = {},
  listen: ListenAddress = ANY_LOOPBACK,
) {
  const sent: Sent[] = [];
  /** For how long answers were held back, in milliseconds: those to whoever has the token, and the others. */
  const waits: number[] = [];
  const strangersWaits: number[] = [];
  /** What the homeserver's absence makes of a pause; what kills the session. */
  const state: { pauseMs: number; death?: Failure; token: string } = { pauseMs: 1_000, token: "real-1" };
  const options: ProxyServerOptions = {
    token: new Secret(LOCAL_TOKEN),
    keeper: {
      current: async () => new Secret(state.token),
      renew: async () => {
        state.token = "real-2";
        return new Secret(state.token);
      },
      get death() {
        return state.death;
      },
      expiresAt: "2026-01-01T00:05:00.000Z",
    },
    upstream: {
      isReachable: true,
      nextPauseMs: () => state.pauseMs,
      send: async ({ method, target, rawHeaders, body }, token) => {
        const isStreamed = body instanceof Readable;
        const whole = isStreamed ? await buffer(body) : body;
        sent.push({ method, target, rawHeaders, token: token.reveal(), body: whole, isStreamed });
        const next = answers.shift() ?? answer(200);
        if (next instanceof Error) throw next;
        return next;
      },
    },
    signer: undefined,
    pace: { wait: async (ms) => void waits.push(ms) },
    versions: { answer: async () => ({ versions: ["v1.11"] }) },
    strangersPace: { wait: async (ms) => void strangersWaits.push(ms) },
    revoke: undefined,
    ...changes,
  };
  const server = new ProxyServer(options);
  const bound = await server.listen(listen);
  onTestFinished(() => server.close());
  const baseUrl = new URL(bound.baseUrl);
  return {
    ...{ baseUrl, isLocal: bound.isLocal, server, sent, waits, strangersWaits, state },
    ask: (request: string, options: CallOptions = {}) =>
      call(baseUrl, request, { token: LOCAL_TOKEN, ...options }),
    asStranger: (request: string, options: CallOptions = {}) => call(baseUrl, request, options),
    raw: (lines: readonly string[]) => raw(baseUrl, lines),
  };
}
