import { Failure } from "../foundation/failures.js";
import { fetchAuthMetadata, requireDeviceGrant } from "../homeserver/metadata.js";
import { createSignInHomeserver } from "../homeserver/sign-in-homeserver.js";
import { fetchVersions } from "../homeserver/versions.js";
import type { Network } from "../network/network.js";
import { generateDeviceId } from "../protocol/device-keys.js";
import { Msc4108Session } from "../rendezvous/msc4108-2024-session.js";
import { Msc4388Api } from "../rendezvous/msc4388-api.js";
import { BROKEN_BY_PROXY, type Check, type Finding, SETTINGS, type State } from "./findings.js";

/** What a homeserver is examined with, by a device that isn't signed in there. */
export interface Examination extends Network {
  readonly baseUrl: URL;
}

/**
 * Looks at all that sign-in by QR code needs of a homeserver, and tells each finding as it is made. It
 * registers the client and starts a device authorization that nobody will use, since only that shows whether
 * they work.
 *
 * @throws {Failure} `network_error`, `server_error` where the server can't be examined
 */
export async function examine(
  examination: Examination,
  tell: (finding: Finding) => void,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const find: Find = (check, state, message, setting = state === "ok" ? undefined : SETTINGS[check]) => {
    const finding: Finding = { event: "check", check, state, message, ...(setting ? { setting } : {}) };
    findings.push(finding);
    tell(finding);
  };
  await findHomeserver(examination, find, signal);
  await findOAuth(examination, find, signal);
  await findMsc4388(examination, find, signal);
  await findMsc4108(examination, find, signal);
  return findings;
}

/** @param setting the one that belongs to the check, by default */
type Find = (check: Check, state: State, message: string, setting?: string) => void;

async function findHomeserver({ http, baseUrl }: Examination, find: Find, signal: AbortSignal) {
  const versions = await fetchVersions(http, baseUrl, signal);
  if (!versions) throw new Failure("server_error", `${baseUrl.host} is not a Matrix homeserver.`);
  find("homeserver", "ok", `A Matrix homeserver answers at ${baseUrl.href} (up to ${versions.at(-1)}).`);
}

async function findOAuth(examination: Examination, find: Find, signal: AbortSignal): Promise<void> {
  const { baseUrl } = examination;
  try {
    const { server } = await fetchAuthMetadata(examination, baseUrl, signal);
    find("oauth", "ok", `It has the OAuth 2.0 API, via ${server.issuer}.`);
    await requireDeviceGrant(examination, baseUrl, signal);
    find("device_authorization_grant", "ok", "It has the device authorization grant.");
    const homeserver = createSignInHomeserver({ ...examination, clientName: "matrix-qr-login doctor" });
    const authorization = await homeserver.startDeviceAuthorization(generateDeviceId(), signal);
    find("client_registration", "ok", "It registers new clients.");
    findVerificationUri(authorization.verificationUriComplete !== undefined, find);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "homeserver_without_oauth") find("oauth", "missing", error.message);
    else if (error.code === "homeserver_without_device_grant") {
      find("device_authorization_grant", "missing", error.message);
    } else if (error.code === "homeserver_without_registration") {
      find("client_registration", "missing", error.message);
    } else throw error;
  }
}

function findVerificationUri(isComplete: boolean, find: Find): void {
  if (isComplete) {
    find("verification_uri_complete", "ok", "Its link to the consent page holds the user code.");
  } else {
    const message = "Its link to the consent page lacks the user code, which has to be typed there.";
    find("verification_uri_complete", "limited", message);
  }
}

async function findMsc4388({ http, baseUrl }: Examination, find: Find, signal: AbortSignal): Promise<void> {
  let state: State = "missing";
  let message = "It has no rendezvous sessions of MSC4388.";
  for (const name of ["unstable", "stable"] as const) {
    const answer = await new Msc4388Api(http, baseUrl, name).discover({ signal });
    if ("ok" in answer && answer.ok.create_available) {
      state = "ok";
      message = `Anybody can make rendezvous sessions of MSC4388 (${name} API).`;
      break;
    }
    if ("ok" in answer || [401, 403].includes(answer.refused.status)) {
      state = "limited";
      message = "Only devices that are signed in can make rendezvous sessions of MSC4388.";
    }
  }
  find("rendezvous_msc4388", state, message);
}

async function findMsc4108(examination: Examination, find: Find, signal: AbortSignal): Promise<void> {
  const check = "rendezvous_msc4108_2024";
  try {
    const session = await Msc4108Session.create(examination, examination.baseUrl, signal);
    if (!session) {
      find(check, "missing", "It has no rendezvous sessions of MSC4108's 2024 version.");
      return;
    }
    // A session is elsewhere than where it is made, and lives by its entity tags: proxies break both.
    await session.write("doctor", signal);
    await session.delete(signal);
    find(
      check,
      "ok",
      "Anybody can make rendezvous sessions of MSC4108's 2024 version, which phones speak today.",
    );
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message } = Failure.from(thrown);
    if (code === "internal_error") throw thrown;
    const why = code === "rendezvous_gone" ? "They are not found where they should be." : message;
    const sentence = `Its rendezvous sessions of MSC4108's 2024 version can't be used. ${why}`;
    find(check, "missing", sentence, BROKEN_BY_PROXY);
  }
}
