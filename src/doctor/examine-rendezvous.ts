import { Failure } from "../foundation/failures.js";
import type { Network } from "../network/network.js";
import { overOwnConnections } from "../network/own-connections.js";
import { Msc4388Api } from "../rendezvous/msc4388-api.js";
import type { Check } from "./findings.js";
import type { Report } from "./report.js";
import { TRAPS } from "./traps.js";
import { type Refused, type TriedSession, tryOut } from "./trial.js";
import { makeMsc4108Session, makeMsc4388Session } from "./tried-sessions.js";

/** Finds out who can make sessions of MSC4388, and tries one out where anybody can. */
export async function examineMsc4388(
  network: Network,
  baseUrl: URL,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const check = "rendezvous_msc4388";
  const { http } = overOwnConnections(network);
  let isForDevices = false;
  await orUnusable(check, NEWER, report, signal, async () => {
    for (const name of ["unstable", "stable"] as const) {
      const api = new Msc4388Api(http, baseUrl, name);
      const answer = await api.discover({ signal });
      if ("ok" in answer && answer.ok.create_available) {
        const session = await makeMsc4388Session(api, signal);
        if (!("status" in session)) {
          const ok = `A device can show ${NEWER}, signed in or not. No released app reads them yet.`;
          return reportTrial(check, NEWER, session, ok, report, signal);
        }
        if (!wantsToken(session)) {
          const message = `It says that any device can show ${NEWER}, and refuses one to do it (${session.status}).`;
          return report.find(check, "missing", message);
        }
      }
      if ("ok" in answer || wantsToken(answer.refused)) isForDevices = true;
    }
    if (!isForDevices) return report.find(check, "missing", `No device can show ${NEWER} here.`);
    const message =
      `Only a device that is signed in can show ${NEWER}: a new device has to scan one, ` +
      "or to show one with another server's help.";
    return report.find(check, "limited", message);
  });
}

/** Finds out whether there are sessions of the 2024 version, which anybody can make, and tries one out. */
export async function examineMsc4108(
  network: Network,
  baseUrl: URL,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const check = "rendezvous_msc4108_2024";
  await orUnusable(check, OLDER, report, signal, async () => {
    const session = await makeMsc4108Session(overOwnConnections(network), baseUrl, signal);
    if (!session) {
      const message = `No device can show ${OLDER} here, the only ones that released apps read (November 2026).`;
      return report.find(check, "missing", message);
    }
    const ok = `A device can show ${OLDER}, signed in or not. Released apps read them.`;
    return reportTrial(check, OLDER, session, ok, report, signal);
  });
}

/** Those of MSC4388. */
const NEWER = "codes of the newer version";
/** Those of MSC4108's 2024 version. */
const OLDER = "codes of the older version";

/** Synapse says 401 where MSC4388 and Tuwunel say 403. */
function wantsToken({ status }: Refused): boolean {
  return status === 401 || status === 403;
}

async function reportTrial(
  check: Check,
  what: string,
  session: TriedSession,
  ok: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { trap, failed } = await tryOut(session, signal);
  if (trap === undefined) return report.find(check, "ok", ok);
  const { state, message, remedy: setting } = TRAPS[trap];
  const intro =
    state === "missing"
      ? `A device can show ${what}, but not rely on them.`
      : `A device can show ${what}, with a flaw.`;
  report.find(check, state, `${intro} ${message}`, { setting, trap, failed });
}

/** What fails here is only in the way of those who would make their sessions on this server. */
async function orUnusable(
  check: Check,
  what: string,
  report: Report,
  signal: AbortSignal,
  examine: () => Promise<void>,
): Promise<void> {
  try {
    await examine();
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof Failure)) throw thrown;
    // They are switched on: what is wrong is between them and here.
    const { remedy: setting } = TRAPS.not_found;
    report.find(check, "missing", `A device can't show ${what} that can be used. ${thrown.message}`, {
      setting,
    });
  }
}
