import { escapeText, safeJson } from "../foundation/escape-text.js";
import type { Warning } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { logoutSession } from "../session/logout.js";
import { sessionName } from "../session/names.js";
import type { StoredSession } from "../session/session-file.js";
import type { CommandContext } from "./context.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";
import type { ExportOptions } from "./options/session.js";
import { printJson, printWarning } from "./print-json.js";
import { findSession, type Named } from "./session-context.js";

/** The verbs of `session` by which one comes and goes. */

/** Prints the session with all its secrets: that is what it is asked for. */
export async function sessionExport(
  options: Named<GlobalOptions & Pick<ExportOptions, "showSecrets">>,
  context: CommandContext,
): Promise<void> {
  const { store, path } = await findSession(options, context);
  const portable = await store.readPortable(path);
  if (context.stdout.isTTY && !options.showSecrets) {
    throw new Failure(
      "usage_error",
      "An export holds the session's tokens and keys, and stdout is a terminal.",
      {
        hint: "Write it to a file or a pipe, or give --show-secrets.",
      },
    );
  }
  if (options.json) printJson(portable, context);
  else context.stdout.write(`${safeJson(portable, 2)}\n`);
}

export async function sessionLogout(options: Named<GlobalOptions>, context: CommandContext): Promise<void> {
  const { clock, signal } = context;
  const { store, path, session } = await findSession(options, context).catch((error: unknown) => {
    throw isUnusable(error) ? error.with({ hint: BY_HAND }) : error;
  });
  const { user_id, device_id } = session;
  const hadTokens = await withNetwork(options, context, async (network) => {
    // A URL that is refused ends this before the session is touched.
    const { baseUrlOf, revokeSession } = await import("../session/connect.js");
    if (session.access_token) baseUrlOf(session, network);
    const revoke = (latest: StoredSession) => revokeSession(latest, network, signal);
    return logoutSession(store, path, revoke, clock, signal);
  });
  if (!hadTokens) printWarning(withoutTokens(session), options, context);
  if (options.json) {
    printJson({ event: "session_removed", name: sessionName(path), path, user_id, device_id }, context);
  } else if (!hadTokens) {
    context.stderr.write(`Deleted the record of the sign-in of device ${escapeText(device_id)}.\n`);
  } else {
    const who = user_id === undefined ? "" : ` of ${escapeText(user_id)}`;
    context.stderr.write(`Signed out device ${escapeText(device_id)}${who}.\n`);
  }
}

/** Nobody knows whose its tokens are, if there are any. Its message names the file. */
function isUnusable(error: unknown): error is Failure {
  return error instanceof Failure && error.code === "session_invalid";
}
const BY_HAND =
  "It can't be signed out: delete that file by hand, and remove its device on the account's page if it is there.";

/** Tokens that were on their way when the sign-in ended are good, and nobody has them. */
function withoutTokens({ device_id, oauth, base_url }: StoredSession): Warning {
  const issuer = escapeText(oauth?.issuer ?? base_url, 1000);
  const message =
    `That sign-in ended before it had tokens, so there was nothing to revoke. If the account's page shows ` +
    `the device ${escapeText(device_id)}, remove it there; the accounts are those of ${issuer}.`;
  return { event: "warning", code: "left_behind", message };
}
