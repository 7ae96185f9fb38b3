import { escapeText } from "../foundation/escape-text.js";
import type { SessionState } from "../foundation/session-states.js";
import { timeForPeople } from "../foundation/time-for-people.js";
import { goodAccessToken, refreshSession } from "../session/access-token.js";
import type { ConnectedSession } from "../session/connect.js";
import { sessionName } from "../session/names.js";
import type { CommandContext } from "./context.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";
import type { TokenOptions } from "./options/session.js";
import { printJson } from "./print-json.js";
import { aboutSession, type FoundSession, findSession, type Named } from "./session-context.js";

/** The verbs of `session` that keep its tokens good. */

/** Where no session is named, one that never came to be or was signed out is none to have a token of. */
const ALIVE: readonly SessionState[] = ["complete", "unconfirmed", "unverified"];

/** Prints an access token, and nothing else on stdout. */
export async function sessionToken(options: Named<TokenOptions>, context: CommandContext): Promise<void> {
  const { clock, signal } = context;
  const good = await withSession(options, context, ({ store, path }, connected) =>
    goodAccessToken(store, path, connected, options.minValid * 1000, clock, signal),
  );
  if (good.shortfall !== undefined) context.stderr.write(`Warning: ${good.shortfall}\n`);
  const { expires_at } = good.session;
  const access_token = good.session.access_token.reveal();
  if (options.json) printJson({ event: "token", access_token, expires_at }, context);
  else context.stdout.write(`${access_token}\n`);
}

export async function sessionRefresh(options: Named<GlobalOptions>, context: CommandContext): Promise<void> {
  await withSession(options, context, async ({ store, path }, connected) => {
    const { expires_at } = await refreshSession(store, path, connected, context.signal);
    const name = sessionName(path);
    if (options.json) return printJson({ event: "refreshed", name, path, expires_at }, context);
    const until =
      expires_at === undefined ? "" : `: its access token expires at ${timeForPeople(expires_at)}`;
    context.stderr.write(`Refreshed ${escapeText(name)}${until}.\n`);
  });
}

async function withSession<T>(
  options: Named<GlobalOptions>,
  context: CommandContext,
  use: (found: FoundSession, connected: ConnectedSession) => Promise<T>,
): Promise<T> {
  const found = await findSession(options, context, ALIVE);
  return withNetwork(options, context, async (network) => {
    const { connectSession } = await import("../session/connect.js");
    const connected = connectSession(found.store, found.path, found.session, network);
    return aboutSession(found.path, () => use(found, connected));
  });
}
