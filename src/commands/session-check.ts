import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { sessionEvent } from "../session/describe.js";
import { examineSession, type SessionFinding, worstOf } from "../session/examine.js";
import { withSessionLock } from "../session/lock.js";
import { toPortable } from "../session/session-file.js";
import type { CommandContext } from "./context.js";
import { withNetwork } from "./network.js";
import type { GlobalOptions } from "./options/global.js";
import { printJson } from "./print-json.js";
import { type FoundSession, findSession, type Named } from "./session-context.js";

/**
 * Asks the homeserver about each aspect of the session, tells what was found, and notes in its file that it is
 * complete when that is confirmed.
 *
 * @throws {Failure} the worst that was found: security, then this device's own, then the network, then
 *   `signed_in_unverified`; what `examineSession` throws
 */
export async function sessionCheck(options: Named<GlobalOptions>, context: CommandContext): Promise<void> {
  const { signal } = context;
  const found = await findSession(options, context);
  const { store, path, session } = found;
  const portable = toPortable(session);
  const findings = await withNetwork(options, context, async (network) => {
    const { connectSession } = await import("../session/connect.js");
    const { homeserver } = connectSession(store, path, session, network);
    return examineSession(portable, homeserver, signal);
  });
  const worst = worstOf(findings);
  await noteConfirmation(found, findings, context);
  if (options.json) {
    const verified = findings.some(({ check, state }) => check === "device" && state === "ok");
    const checks = findings.map(({ check, state, message, failure }) => ({
      check,
      state,
      message,
      code: failure?.code,
    }));
    printJson({ ...sessionEvent(path, await store.read(path)), verified, checks }, context);
  } else {
    for (const finding of findings) context.stdout.write(describeFinding(finding));
  }
  if (!worst) return;
  // The finding has said it to people already.
  const message = options.json ? worst.message : "The session failed this check, as the lines above say.";
  throw new Failure(worst.code, message, {
    ...(worst.code === "device_keys_mismatch" && { hint: CLIENT_SET_UP_ANEW }),
    ...{ ...worst.details, cause: worst, deviceId: session.device_id, session: path },
  });
}

const CLIENT_SET_UP_ANEW =
  "If its client was set up anew, give the fingerprint that the client shows to `session sign-device` with --fingerprint. " +
  "Otherwise don't trust this homeserver with this account before you know why.";

/** A session that was imported, and not signed in here, is complete even if nobody has verified its device yet. */
async function noteConfirmation(
  { store, path, session }: FoundSession,
  findings: readonly SessionFinding[],
  { clock, signal }: CommandContext,
): Promise<void> {
  if (session.state === "complete") return;
  const worst = worstOf(findings);
  const isImported = session.state === "unconfirmed" && session.device_keys === undefined;
  if (worst && !(isImported && worst.kind === "unverified")) return;
  await withSessionLock(path, clock, signal, () => store.update(path, { state: "complete" }));
}

const MARKS: Readonly<Record<SessionFinding["state"], string>> = {
  ok: "ok     ",
  warning: "warning",
  failed: "failed ",
  none: "-      ",
};

function describeFinding({ check, state, message }: SessionFinding): string {
  return `${MARKS[state]}  ${check.padEnd("secrets".length)}  ${escapeText(message, 500)}\n`;
}
