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
  await orUnusable(check, MSC4388, report, signal, async () => {
    for (const name of ["unstable", "stable"] as const) {
      const api = new Msc4388Api(http, baseUrl, name);
      const answer = await api.discover({ signal });
      if ("ok" in answer && answer.ok.create_available) {
        const session = await makeMsc4388Session(api, signal);
        if (!("status" in session)) {
          const ok = `Anybody can make ${MSC4388} (${name} API), and use them.`;
          return reportTrial(check, MSC4388, session, ok, report, signal);
        }
        if (!wantsToken(session)) {
          const message = `It says that anybody can make ${MSC4388}, and refuses to make one (${session.status}).`;
          return report.find(check, "missing", message);
        }
      }
      if ("ok" in answer || wantsToken(answer.refused)) isForDevices = true;
    }
    if (!isForDevices) return report.find(check, "missing", `It has no ${MSC4388}.`);
    const message =
      `Only devices that are signed in can make ${MSC4388}: a new device has to scan such a code, ` +
      "or to use another server's sessions.";
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
  await orUnusable(check, MSC4108, report, signal, async () => {
    const session = await makeMsc4108Session(overOwnConnections(network), baseUrl, signal);
    if (!session) {
      const message = `It has no ${MSC4108}, the only one that released apps read (November 2026).`;
      return report.find(check, "missing", message);
    }
    const ok = `Anybody can make ${MSC4108}, which released apps read, and use them.`;
    return reportTrial(check, MSC4108, session, ok, report, signal);
  });
}

const MSC4388 = "rendezvous sessions of MSC4388";
const MSC4108 = "rendezvous sessions of MSC4108's 2024 version";

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
  const intro = state === "missing" ? `Its ${what} can't be relied on.` : `It has ${what}, with a flaw.`;
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
    report.find(check, "missing", `Its ${what} can't be used. ${thrown.message}`, { setting });
  }
}
