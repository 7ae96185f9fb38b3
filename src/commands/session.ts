import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { type Revealed, revealed } from "../foundation/secret.js";
import { checkSession } from "../session/check.js";
import { entryEvent, sessionDetails, sessionEvent, sessionTable } from "../session/describe.js";
import { withSessionLock } from "../session/lock.js";
import { logoutSession } from "../session/logout.js";
import { existingSessionPath } from "../session/resolve.js";
import { type PortableSession, type StoredSession, toPortable } from "../session/session-file.js";
import { SessionStore, sessionName, sessionsDirectory } from "../session/store.js";
import type { CommandContext } from "./context.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";
import { printJson } from "./print-json.js";

/** The verbs of `session`. All but `list` and `import` take the session that `existingSessionPath` finds. */

export async function sessionList(options: GlobalOptions, context: CommandContext): Promise<void> {
  const store = await openStore(context);
  const entries = await store.list();
  if (options.json) {
    for (const entry of entries) printJson(entryEvent(entry), context);
  } else if (entries.length > 0) {
    context.stdout.write(sessionTable(entries, context.clock.date()));
  } else {
    context.stderr.write(`There are no sessions in ${escapeText(store.directory, 1000)}.\n`);
  }
}

export async function sessionShow(options: GlobalOptions, context: CommandContext): Promise<void> {
  const { path, session } = await findSession(options, context);
  if (options.json) printJson(sessionEvent(path, session), context);
  else context.stdout.write(sessionDetails(path, session));
}

/**
 * Asks the homeserver about the session, and notes in its file that it is complete when that is confirmed.
 *
 * @throws {Failure} what `checkSession` throws; `signed_in_unverified` when the sign-in here left it open
 *   whether the device is verified, and it is not
 */
export async function sessionCheck(options: GlobalOptions, context: CommandContext): Promise<void> {
  const { clock, signal } = context;
  const { store, path, session } = await findSession(options, context);
  const portable = toPortable(session);
  const verified = await withNetwork(options, context, async (network) => {
    const { connectSession } = await import("../session/connect.js");
    const { homeserver } = connectSession(store, path, session, network);
    return checkSession(portable, homeserver, signal);
  });
  const isImported = session.state === "unconfirmed" && session.device_keys === undefined;
  if (session.state !== "complete" && !isImported && !verified) {
    const message = "The session is alive, but the homeserver doesn't show its device as verified.";
    throw new Failure("signed_in_unverified", message, { deviceId: session.device_id, session: path });
  }
  const checked =
    session.state === "complete"
      ? await store.read(path)
      : await withSessionLock(path, clock, signal, () => store.update(path, { state: "complete" }));
  if (options.json) return printJson({ ...sessionEvent(path, checked), verified }, context);
  const who = `${escapeText(portable.user_id)}, device ${escapeText(portable.device_id)}`;
  const verification = verified ? "verified" : "but the homeserver doesn't show the device as verified";
  context.stdout.write(`${who}: alive, ${verification}.\n`);
}

/** Prints the session with all its secrets: that is what it is asked for. */
export async function sessionExport(options: GlobalOptions, context: CommandContext): Promise<void> {
  const portable: Revealed<PortableSession> = revealed(
    toPortable((await findSession(options, context)).session),
  );
  if (options.json) printJson(portable, context);
  else context.stdout.write(`${JSON.stringify(portable, null, 2)}\n`);
}

export async function sessionLogout(options: GlobalOptions, context: CommandContext): Promise<void> {
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

async function openStore(context: CommandContext): Promise<SessionStore> {
  return new SessionStore(sessionsDirectory(context));
}

async function findSession(
  options: GlobalOptions,
  context: CommandContext,
): Promise<{ store: SessionStore; path: string; session: StoredSession }> {
  const store = await openStore(context);
  const path = await existingSessionPath(options.session, context, "any");
  return { store, path, session: await store.read(path) };
}
