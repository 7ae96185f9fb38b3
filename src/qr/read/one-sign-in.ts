import { Failure } from "../../foundation/failures.js";
import {
  decodeQrCode,
  recogniseQrCode,
  type SignInQrPayload,
  signInCodeLength,
} from "../../protocol/qr-code.js";

/** Whether they are of a sign-in, as far as their first bytes tell. */
export function isForSigningIn(bytes: Uint8Array): boolean {
  return recogniseQrCode(bytes) === "sign_in";
}

/**
 * Of several codes that were found together, the one for signing in. A device that offers both versions of the channel
 * shows a code of each: of these two it is the one of MSC4388.
 *
 * @param areRenewals they are from a log, where a later code of the same device takes an earlier one's place
 * @returns undefined where there is none
 * @throws {Failure} `several_sign_in_codes` where nobody can tell which one is meant
 */
export function oneSignIn(codes: readonly Uint8Array[], areRenewals = false): Uint8Array | undefined {
  const all = distinct(codes.filter(isForSigningIn));
  const whole = all.filter((bytes) => signInCodeLength(bytes) === bytes.length);
  if (whole.length === 0) return all[0];
  const found = whole.map((bytes) => ({ bytes, code: decodeQrCode(bytes) }));
  const current = areRenewals
    ? found.filter(({ code }, i) => !found.slice(i + 1).some((later) => isRenewal(code, later.code)))
    : found;
  const [one, other, ...more] = current.toSorted((a, b) => b.code.channel.localeCompare(a.code.channel));
  if (!one || more.length > 0 || (other && !areVersions(one.code, other.code))) {
    throw new Failure("several_sign_in_codes");
  }
  return one.bytes;
}

function isRenewal(earlier: SignInQrPayload, later: SignInQrPayload): boolean {
  return (
    earlier.channel === later.channel && earlier.intent === later.intent && haveSiteInCommon(earlier, later)
  );
}

function areVersions(one: SignInQrPayload, other: SignInQrPayload): boolean {
  if (one.channel === other.channel || one.intent !== other.intent) return false;
  return haveSiteInCommon(one, other) || Buffer.compare(one.publicKey, other.publicKey) === 0;
}

function haveSiteInCommon(one: SignInQrPayload, other: SignInQrPayload): boolean {
  const sites = sitesOf(other);
  return sitesOf(one).some((site) => sites.includes(site));
}

/** Of the servers in a code: two may be the same one under two names of one domain. */
function sitesOf(code: SignInQrPayload): string[] {
  const names = code.channel === "msc4388" ? [code.baseUrl] : [code.rendezvousUrl, code.serverName ?? ""];
  return names.flatMap((name) => {
    const url = /^https?:/i.test(name) ? name : `https://${name}`;
    if (!URL.canParse(url)) return [];
    const { hostname } = new URL(url);
    return [/^[\d.]+$|^\[/.test(hostname) ? hostname : hostname.split(".").slice(-2).join(".")];
  });
}

function distinct(codes: readonly Uint8Array[]): Uint8Array[] {
  return codes.filter((code, i) => codes.findIndex((earlier) => Buffer.compare(earlier, code) === 0) === i);
}
