import { escapeText, safeJson } from "../foundation/escape-text.js";
import type { Warning } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { sessionEvent } from "../session/describe.js";
import { importSession, readHandedInSession } from "../session/import.js";
import { logoutSession } from "../session/logout.js";
import { sessionName } from "../session/names.js";
import { newSessionFile } from "../session/resolve.js";
import type { PortableSession, StoredSession } from "../session/session-file.js";
import { isRefreshable } from "../session/token-life.js";
import type { CommandContext } from "./context.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";
import type { ExportOptions, ImportOptions } from "./options/session.js";
import { findSession, type Named, openStore, printJson } from "./session-context.js";

/** The verbs of `session` by which one comes and goes. */

/** @param source a file, or `-` for stdin */
export async function sessionImport(
  source: string,
  options: ImportOptions,
  context: CommandContext,
): Promise<void> {
  const { clock, signal } = context;
  const handedIn = await readHandedInSession(source, context.stdin, signal);
  const { portable } = handedIn;
  const file = await newSessionFile(options.session, context, portable.device_id);
  const store = openStore(context);
  for (const warning of importWarnings(portable)) {
    if (options.json) printJson(warning, context);
    else context.stderr.write(`Warning: ${warning.message}\n`);
  }
  const session = options.offline
    ? await importSession(handedIn, store, file, undefined, clock, signal)
    : await withNetwork(options, context, async (network) => {
        const { connectSession } = await import("../session/connect.js");
        const { homeserver } = connectSession(store, file.path, portable, network);
        return importSession(handedIn, store, file, homeserver, clock, signal);
      });
  if (options.json) printJson(sessionEvent(file.path, session), context);
  else context.stderr.write(`Imported ${escapeText(portable.user_id)} as ${escapeText(file.path, 1000)}.\n`);
}

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
  const { store, path, session } = await findSession(options, context);
  const { user_id, device_id } = session;
  await withNetwork(options, context, async (network) => {
    // A URL that is refused ends this before the session is touched.
    network.urlPolicy.check(session.base_url);
    const { revokeSession } = await import("../session/connect.js");
    const revoke = (latest: StoredSession) => revokeSession(latest, network, signal);
    await logoutSession(store, path, revoke, clock, signal);
  });
  if (options.json) {
    printJson({ event: "session_removed", name: sessionName(path), path, user_id, device_id }, context);
  } else {
    const who = user_id === undefined ? "" : ` of ${escapeText(user_id)}`;
    context.stderr.write(`Signed out device ${escapeText(device_id)}${who}.\n`);
  }
}

function importWarnings(portable: PortableSession): Warning[] {
  const warnings: Warning[] = [];
  if (isRefreshable(portable)) {
    warnings.push({
      event: "warning",
      code: "session_shared",
      message:
        "If a running client has this session too, one of the two will be signed out at the next refresh.",
    });
  }
  if (!portable.secrets) {
    warnings.push({
      event: "warning",
      code: "session_without_secrets",
      message: "The session has no cross-signing keys, so it can't sign in another device without --secrets.",
    });
  }
  return warnings;
}
