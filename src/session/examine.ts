import { escapeText } from "../foundation/escape-text.js";
import type { FailureKind } from "../foundation/failure-kinds.js";
import { Failure } from "../foundation/failures.js";
import { checkCrossSigningSecrets, isDeviceVerified } from "../protocol/cross-signing.js";
import { publicIdentityKeys } from "../protocol/device-keys.js";
import type { AccountHomeserver, PublishedKeys } from "../protocol/homeserver.js";
import { backupMismatch } from "../protocol/key-backup.js";
import { checkOwner } from "./check.js";
import type { PortableSession } from "./session-file.js";

/** What is looked at, in this order. The names are stable: `check` in what `session check --json` tells. */
type SessionAspect = "token" | "device" | "secrets" | "backup";

/** What was found out about one aspect of a session. */
export interface SessionFinding {
  readonly check: SessionAspect;
  /** `none`: the session has nothing of the kind, or nobody could be asked. */
  readonly state: "ok" | "warning" | "failed" | "none";
  /** One sentence for people. */
  readonly message: string;
  /** Of `failed`. */
  readonly failure?: Failure;
}

/** The kinds of failure that are findings, the worst first. Any other ends the whole check. */
const SEVERITY: readonly FailureKind[] = ["security", "local", "network", "unverified"];

/**
 * Asks the homeserver about each aspect of a session: whether its token is good, whether its device is there and
 * verified, whether its secrets are the account's, and whether its backup key is that of the current backup.
 *
 * @returns a finding for each aspect
 * @throws {Failure} for what is neither about the session nor about its homeserver; the signal's reason
 */
export async function examineSession(
  session: PortableSession,
  homeserver: Pick<AccountHomeserver, "whoami" | "deviceExists" | "queryKeys" | "backupVersion">,
  signal: AbortSignal,
): Promise<SessionFinding[]> {
  const { user_id: userId, device_id: deviceId, secrets } = session;
  const look = (check: SessionAspect, work: () => Promise<Omit<SessionFinding, "check">>) =>
    finding(check, work, signal);

  const token = await look("token", async () => {
    await checkOwner(session, homeserver, signal);
    return ok(`${escapeText(userId)} is signed in as device ${escapeText(deviceId)}.`);
  });
  // What is said to whoever has another user's token, or a dead one, is worth nothing.
  if (token.failure) {
    const unasked = { state: "none", message: "Not looked at." } as const;
    return [token, ...(["device", "secrets", "backup"] as const).map((check) => ({ check, ...unasked }))];
  }

  const published = homeserver.queryKeys(userId, signal);
  const device = await look("device", async () =>
    examineDevice(session, homeserver, await published, signal),
  );
  const crossSigning = await look("secrets", async () => {
    if (!secrets) return none("The session has no cross-signing keys.");
    checkCrossSigningSecrets(userId, secrets.cross_signing, await published);
    return ok("The cross-signing keys are the account's.");
  });
  const backup = await look("backup", async () => {
    if (!secrets?.backup) return none("The session has no backup key.");
    const mismatch = backupMismatch(secrets.backup, await homeserver.backupVersion(signal));
    if (mismatch !== undefined) return { state: "warning", message: `The backup key ${mismatch}.` };
    const version = escapeText(secrets.backup.backup_version);
    return ok(`The backup key is that of the current backup, version ${version}.`);
  });
  return [token, device, crossSigning, backup];
}

/** The failure that matters most among findings: what matters is security, then this device, then the network. */
export function worstOf(findings: readonly SessionFinding[]): Failure | undefined {
  const failures = findings.flatMap(({ failure }) => failure ?? []);
  // From the last on, so that of two that are as bad the account's secrets come before the device's keys.
  const [worst] = failures.reverse().sort((a, b) => SEVERITY.indexOf(a.kind) - SEVERITY.indexOf(b.kind));
  return worst;
}

const ok = (message: string) => ({ state: "ok", message }) as const;
const none = (message: string) => ({ state: "none", message }) as const;

async function finding(
  check: SessionAspect,
  work: () => Promise<Omit<SessionFinding, "check">>,
  signal: AbortSignal,
): Promise<SessionFinding> {
  try {
    return { check, ...(await work()) };
  } catch (error) {
    signal.throwIfAborted();
    const failure = Failure.from(error);
    if (!SEVERITY.includes(failure.kind)) throw failure;
    return { check, state: "failed", message: failure.message, failure };
  }
}

/** @throws {Failure} `signed_in_unverified`, `device_keys_mismatch`, `session_dead` where the device is gone */
async function examineDevice(
  { user_id: userId, device_id: deviceId, device_keys: deviceKeys }: PortableSession,
  homeserver: Pick<AccountHomeserver, "deviceExists">,
  published: PublishedKeys,
  signal: AbortSignal,
): Promise<Omit<SessionFinding, "check">> {
  const identity = deviceKeys && publicIdentityKeys(deviceKeys);
  if (isDeviceVerified(userId, deviceId, identity, published)) {
    return ok("The device is there, and verified.");
  }
  if (!(await homeserver.deviceExists(deviceId, signal))) {
    throw new Failure("session_dead", "The account has no such device any more.");
  }
  throw new Failure(
    "signed_in_unverified",
    "The device is there, but the homeserver doesn't show it as verified.",
  );
}
