import { shownHost } from "../foundation/shown-host.js";
import { fetchAuthMetadata, requireDeviceGrant, type ServerMetadata } from "../homeserver/metadata.js";
import { registerClient } from "../homeserver/oauth-client.js";
import { createSignInHomeserver } from "../homeserver/sign-in-homeserver.js";
import { lookForHomeserver, noHomeserver } from "../homeserver/versions.js";
import type { Network } from "../network/network.js";
import { isLoopback } from "../network/url-policy.js";
import { generateDeviceId } from "../protocol/device-keys.js";
import { examineMsc4108, examineMsc4388 } from "./examine-rendezvous.js";
import type { Diagnosis, Finding } from "./findings.js";
import { Report } from "./report.js";
import { PUBLIC_BASE } from "./settings.js";
import { identifySoftware } from "./software.js";

/** What a homeserver is examined with, by a device that isn't signed in there. */
export interface Examination extends Network {
  readonly baseUrl: URL;
}

const CLIENT_NAME = "matrix-qr-login doctor";

/**
 * Looks at all that sign-in by QR code needs of a homeserver, and tells each finding as it is made. It
 * registers a client and starts a device authorization that nobody will use, since only that shows whether
 * they work; the rendezvous sessions that it makes are deleted. What one finding can't be had without is left
 * out, and nothing else.
 *
 * @throws {Failure} `network_error`, `server_error` where no homeserver answers at all
 * @throws the signal's reason
 */
export async function examine(
  examination: Examination,
  tell: (finding: Finding) => void,
  signal: AbortSignal,
): Promise<Diagnosis> {
  const report = new Report(tell);
  await examineHomeserver(examination, report, signal);
  await examineOAuth(examination, report, signal);
  await examineMsc4388(examination, examination.baseUrl, report, signal);
  await examineMsc4108(examination, examination.baseUrl, report, signal);
  return report.diagnosis;
}

async function examineHomeserver(examination: Examination, report: Report, signal: AbortSignal) {
  const { http, baseUrl } = examination;
  const found = await lookForHomeserver(http, baseUrl, signal);
  if ("instead" in found) throw noHomeserver(baseUrl, found.instead);
  const { info } = found;
  const software = await identifySoftware(examination, baseUrl, info, signal);
  report.software = software;
  const { name, version } = software ?? {};
  const called = [[name, version].filter(Boolean).join(" "), `Matrix up to ${info.versions.at(-1)}`];
  const described = called.filter((each) => each !== "").join(", ");
  const host = shownHost(baseUrl);
  const where = host === baseUrl.host ? baseUrl.href : `${baseUrl.href}, that is ${host}`;
  report.find("homeserver", "ok", `A Matrix homeserver answers at ${where} (${described}).`, {
    ...(name === undefined ? {} : { software: name }),
    ...(version === undefined ? {} : { software_version: version }),
  });
}

/** Each step needs what the one before it has found. */
async function examineOAuth(examination: Examination, report: Report, signal: AbortSignal): Promise<void> {
  const { http, baseUrl } = examination;
  const attempt = async <T>(check: Finding["check"], run: () => Promise<T>): Promise<T | undefined> =>
    run().catch((thrown: unknown) => {
      report.findObstacle(check, thrown, signal);
      return undefined;
    });

  const metadata = await attempt("oauth", () => fetchAuthMetadata(examination, baseUrl, signal));
  if (!metadata) return;
  const { server } = metadata;
  const local = isReachableFromOutside(baseUrl) ? localUrlOf(server) : undefined;
  if (local === undefined) {
    report.find("oauth", "ok", `It has the sign-in that this takes (OAuth 2.0), at ${server.issuer}.`);
  } else {
    const message = `It has the sign-in that this takes (OAuth 2.0), and names an address for it that only its own network reaches: ${local}.`;
    report.find("oauth", "limited", message, { setting: PUBLIC_BASE });
  }

  const grant = await attempt("device_authorization_grant", () =>
    requireDeviceGrant(examination, baseUrl, signal),
  );
  if (!grant) return;
  report.find("device_authorization_grant", "ok", "A sign-in there can be approved on another device.");

  const clientId = await attempt("client_registration", () =>
    registerClient(http, server, CLIENT_NAME, signal),
  );
  if (clientId === undefined) return;
  report.find("client_registration", "ok", "It lets new programs sign in.");

  const homeserver = createSignInHomeserver({ ...examination, clientName: CLIENT_NAME, clientId });
  const authorization = await attempt("device_authorization", () =>
    homeserver.startDeviceAuthorization(generateDeviceId(), signal),
  );
  if (!authorization) return;
  report.find("device_authorization", "ok", "A sign-in was started, as a trial.");

  if (authorization.verificationUriComplete !== undefined) {
    report.find(
      "verification_uri_complete",
      "ok",
      "The link to approve it on holds the code, so that nobody has to type it there.",
    );
  } else {
    const message = "The link to approve it on lacks the code, which has to be typed there.";
    report.find("verification_uri_complete", "limited", message);
  }
}

/** The first endpoint whose address means something else, or nothing, from anywhere else. */
function localUrlOf(server: ServerMetadata): string | undefined {
  const { grant_types_supported: _, ...urls } = server;
  return Object.values(urls).find((url) => !isReachableFromOutside(new URL(url)));
}

/** Not a loopback or private address (RFC 1918, RFC 4193), and no name without a dot. */
function isReachableFromOutside({ hostname }: URL): boolean {
  if (isLoopback(hostname)) return false;
  if (/^(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254)\.[\d.]+$/.test(hostname)) return false;
  return hostname.startsWith("[") ? !/^\[f[cde]/.test(hostname) : hostname.includes(".");
}
