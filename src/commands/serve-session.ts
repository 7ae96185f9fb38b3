import type { Secret } from "../foundation/secret.js";
import type { SessionState } from "../foundation/session-states.js";
import type { ProxyEvent } from "../proxy/events.js";
import { ANY_LOOPBACK, type ListenAddress } from "../proxy/listen-address.js";
import { localToken } from "../proxy/local-token.js";
import { type RunningProxy, withSessionProxy } from "../proxy/session-proxy.js";
import { revokeSession } from "../session/connect.js";
import { logoutSession } from "../session/logout.js";
import type { StoredSession } from "../session/session-file.js";
import { toPortable } from "../session/session-file.js";
import { writeTokenFile } from "../session/token-file.js";
import type { CommandContext } from "./context.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";
import type { Report } from "./proxy-report.js";
import { findSession } from "./session-context.js";

/** What `session run` and `session serve` share. */

/** Where no session is named, one that never came to be or was signed out is none to serve. */
const ALIVE: readonly SessionState[] = ["complete", "unconfirmed", "unverified"];

export interface ServeOptions extends GlobalOptions {
  readonly listen?: ListenAddress | undefined;
  readonly newToken?: true | undefined;
  readonly allowLogout?: true | undefined;
}

/** What the command line has for what the proxy warns of. */
function withRemedy(event: ProxyEvent): ProxyEvent {
  if (event.event !== "warning" || event.code !== "device_keys_taken") return event;
  return {
    ...event,
    message: `${event.message} Make one with \`generate --device-keys defer\`, or \`login --device-keys defer\`.`,
  };
}

/**
 * Serves the session that is meant while `use` runs, and says so.
 *
 * @throws {Failure} what finding the session, `withSessionProxy` and `use` throw
 */
export async function serveSession<T>(
  options: ServeOptions,
  context: CommandContext,
  report: Report,
  use: (proxy: RunningProxy, token: Secret) => Promise<T>,
): Promise<T> {
  const { clock, env, signal } = context;
  const { store, path, session } = await findSession(options, context, ALIVE);
  toPortable(session);
  return withNetwork(options, context, async (network, trace) => {
    const token = await localToken(store, path, options.newToken ?? false, clock, signal);
    const tokenFile = await writeTokenFile(path, token);
    const revoke = options.allowLogout
      ? async () => {
          const revokeLatest = (latest: StoredSession) => revokeSession(latest, network, signal);
          await logoutSession(store, path, revokeLatest, clock, signal);
        }
      : undefined;
    const listen = options.listen ?? ANY_LOOPBACK;
    const served = { store, path, token, listen, revoke };
    const emit: Report = (event) => report(withRemedy(event));
    return withSessionProxy(served, { network, env, emit, trace }, (proxy) => {
      report({ event: "ready", base_url: proxy.baseUrl, token_file: tokenFile });
      return use(proxy, token);
    });
  });
}
