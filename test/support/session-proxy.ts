import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ExistingSession } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Clock } from "../../src/foundation/clock.js";
import type { Failure } from "../../src/foundation/failures.js";
import { createHttpClient } from "../../src/network/http-client.js";
import type { ProxyEvent } from "../../src/proxy/events.js";
import { ANY_LOOPBACK, type ListenAddress } from "../../src/proxy/listen-address.js";
import { localToken } from "../../src/proxy/local-token.js";
import { withSessionProxy } from "../../src/proxy/session-proxy.js";
import { SessionStore } from "../../src/session/store.js";
import { type CallOptions, call, type Reply } from "./dev-homeserver.js";
import type { FakeClock } from "./fake-clock.js";
import { raw } from "./local-server.js";
import { localUrlPolicy } from "./local-url-policy.js";
import { temporaryDirectory } from "./sessions.js";

/** A proxy in this process, on a free loopback port, that ends with the test. */
export interface ProxyUnderTest {
  readonly baseUrl: URL;
  readonly token: string;
  readonly path: string;
  readonly store: SessionStore;
  readonly events: readonly ProxyEvent[];
  readonly died: Promise<Failure>;
  /** One request with the local token. */
  ask(request: string, options?: CallOptions): Promise<Reply>;
  /** Bytes on a connection of their own, and what comes back until it is closed. */
  raw(lines: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface ProxySettings {
  readonly clock: Clock;
  readonly listen?: ListenAddress;
  /** An existing session file. */
  readonly path?: string;
  readonly revoke?: () => Promise<void>;
}

/** A session of somebody's homeserver: whatever it is, its token never expires and can't be refreshed. */
export function plainSession(baseUrl: URL): Partial<ExistingSession> {
  return {
    base_url: baseUrl.href,
    user_id: "@bot:example.org",
    device_id: "ABCDEFGHIJ",
    access_token: "real-token",
  };
}

export async function startProxy(
  session: Partial<ExistingSession> & { readonly device_keys_state?: string },
  { clock, listen = ANY_LOOPBACK, path: given, revoke }: ProxySettings,
): Promise<ProxyUnderTest> {
  const path = given ?? join(await temporaryDirectory(), "bot.json");
  if (given === undefined) await writeFile(path, JSON.stringify(session), { mode: 0o600 });
  const store = new SessionStore("/nowhere");
  const urlPolicy = localUrlPolicy();
  const http = createHttpClient({ clock, env: {}, urlPolicy, userAgent: "test" });
  const token = await localToken(store, path, false, clock, new AbortController().signal);
  const events: ProxyEvent[] = [];
  const world = {
    network: { http, urlPolicy, clock },
    env: {},
    emit: (event: ProxyEvent) => void events.push(event),
  };
  let stopped = () => {};
  const until = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  let ended: Promise<void> = Promise.resolve();
  const running = await new Promise<{ readonly baseUrl: string; readonly died: Promise<Failure> }>(
    (resolve, reject) => {
      ended = withSessionProxy({ store, path, token, listen, revoke }, world, async (proxy) => {
        resolve(proxy);
        await until;
      });
      ended.catch(reject);
    },
  );
  const stop = async () => {
    stopped();
    await ended;
    await http.close();
  };
  onTestFinished(stop);
  const baseUrl = new URL(running.baseUrl);
  return {
    ...{ baseUrl, token: token.reveal(), path, store, events, died: running.died, stop },
    ask: (request, options) => call(baseUrl, request, { token: token.reveal(), ...options }),
    raw: (lines) => raw(baseUrl, lines),
  };
}

/** Moves time on in small steps until the promise settles: for what takes real time, too. */
export async function stepUntil<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = () => {
    isSettled = true;
  };
  promise.then(settled, settled);
  while (!isSettled) await clock.advance(100);
  return promise;
}
