import type { Environment } from "../foundation/machine.js";
import type { Secret } from "../foundation/secret.js";
import type { Network } from "../network/network.js";
import { createStreamTransport } from "../network/streams.js";
import type { Trace } from "../network/trace.js";
import { baseUrlOf, connectSession } from "../session/connect.js";
import { type PortableSession, toPortable } from "../session/session-file.js";
import type { SessionStore } from "../session/store.js";
import { isRefreshable } from "../session/token-life.js";
import { DeviceSigner, isSignedInFlight } from "./device-signer.js";
import type { EmitProxyEvent } from "./events.js";
import { KnownVersions } from "./known-answers.js";
import type { ListenAddress } from "./listen-address.js";
import { Pace } from "./pace.js";
import { ProxyServer } from "./proxy-server.js";
import { TokenKeeper } from "./token-keeper.js";
import { Upstream } from "./upstream.js";

/** A session that is to be served. */
export interface ServedSession {
  readonly store: SessionStore;
  readonly path: string;
  /** The token that unlocks it here. */
  readonly token: Secret;
  readonly listen: ListenAddress;
  /** What /logout does to the session itself; without it only the access through this proxy ends. */
  readonly revoke?: (() => Promise<void>) | undefined;
}

export interface ProxyWorld {
  readonly network: Network;
  /** For the proxy variables. */
  readonly env: Environment;
  readonly emit: EmitProxyEvent;
  /** Told of each request that goes on to the homeserver. */
  readonly trace?: Trace | undefined;
}

/** A proxy that listens. */
export interface RunningProxy {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly session: PortableSession;
  /** Resolves, with why, when the session is dead for good. It goes on answering, late. */
  readonly died: TokenKeeper["died"];
}

/**
 * Serves a session on this machine while `use` runs: a homeserver whose access token never expires.
 *
 * @throws {Failure} `address_unavailable`, `url_refused`, `usage_error`; `session_dead`, `session_incomplete`; and what
 *   reading the session and `use` throw
 */
export async function withSessionProxy<T>(
  { store, path, token, listen, revoke }: ServedSession,
  { network, env, emit, trace }: ProxyWorld,
  use: (proxy: RunningProxy) => Promise<T>,
): Promise<T> {
  const { clock, http } = network;
  const session = toPortable(await store.read(path));
  const baseUrl = baseUrlOf(session, network);
  const ended = new AbortController();
  const { signal } = ended;
  const { homeserver, accessTokens } = connectSession(store, path, session, network);
  const transport = createStreamTransport(env, baseUrl);
  const keeper = new TokenKeeper({ store, path, accessTokens, clock, emit, signal });
  const { user_id: userId, device_id: deviceId, secrets } = session;
  const signer =
    isSignedInFlight(session) && secrets
      ? new DeviceSigner({ store, path, userId, deviceId, secrets, homeserver, clock, emit, signal })
      : undefined;
  const versions = new KnownVersions();
  const server = new ProxyServer({
    token,
    keeper,
    versions,
    upstream: new Upstream({ baseUrl, transport, clock, emit, trace }),
    signer,
    pace: new Pace(clock),
    strangersPace: new Pace(clock),
    revoke:
      revoke &&
      (async () => {
        await revoke();
        keeper.end();
      }),
  });
  const work: Promise<void>[] = [];
  try {
    const { baseUrl: localUrl, isLocal } = await server.listen(listen);
    for (const warning of warningsOf(session, isLocal)) emit(warning);
    work.push(keeper.keepFresh(), versions.keepCurrent(http, baseUrl, clock, signal));
    return await use({ baseUrl: localUrl, session, died: keeper.died });
  } finally {
    ended.abort();
    await server.close().catch(() => undefined);
    await Promise.all(work);
    await transport.close();
  }
}

function warningsOf(session: PortableSession, isLocal: boolean): Parameters<EmitProxyEvent>[0][] {
  const warnings: Parameters<EmitProxyEvent>[0][] = [];
  if (!isLocal) {
    const message =
      "The proxy listens beyond this machine, in plain HTTP: whoever can read the network learns its token.";
    warnings.push({ event: "warning", code: "not_on_loopback", message });
  }
  if (!isRefreshable(session)) {
    const message =
      "The session has no refresh token: it is served as long as its access token lives, and ends with it.";
    warnings.push({ event: "warning", code: "session_not_refreshable", message });
  }
  if (session.device_keys) {
    const message =
      "Another program can't use encryption with this session: its device keys were made here, and are not handed on. It can with one whose device keys are left to it.";
    warnings.push({ event: "warning", code: "device_keys_taken", message });
  } else if (isSignedInFlight(session) && !session.secrets) {
    const message = "The session has no cross-signing keys, so the program's device keys can't be signed.";
    warnings.push({ event: "warning", code: "secrets_missing", message });
  }
  return warnings;
}
