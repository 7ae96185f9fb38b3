import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { escapeText } from "../foundation/escape-text.js";
import type { Environment } from "../foundation/machine.js";
import { describeSystemError } from "../foundation/system-errors.js";

const TRUST_FILE =
  "If that certificate is right, name the file of its authority in the environment: NODE_EXTRA_CA_CERTS=FILE.";

/** More than any collection of authorities has. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What to do about a certificate whose authority nobody here knows; it may be named, and in vain. */
export function authorityHint(env: Environment): string {
  const file = env["NODE_EXTRA_CA_CERTS"];
  if (file) {
    const fault = faultOf(file);
    if (fault === undefined) return `Its authority isn't in the file of NODE_EXTRA_CA_CERTS: add it to that.`;
    return `NODE_EXTRA_CA_CERTS is ignored, since ${escapeText(file, 1000)} can't be used: ${fault}.`;
  }
  const others = ["SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];
  const ignored = others.find((name) => env[name]);
  return ignored === undefined ? TRUST_FILE : `${TRUST_FILE} ${ignored} is not looked at here.`;
}

function faultOf(file: string): string | undefined {
  try {
    const stats = statSync(file);
    // Reading a pipe could take for ever.
    if (!stats.isFile() || stats.size > MAX_BYTES) return "it is no file of certificates";
    const [first] =
      /-----BEGIN [^-]*CERTIFICATE-----[\s\S]*?-----END /.exec(readFileSync(file, "latin1")) ?? [];
    if (first === undefined) return "it holds no certificate in PEM form";
    new X509Certificate(first.replace(/-----END $/, "-----END CERTIFICATE-----"));
    return undefined;
  } catch (error) {
    return describeSystemError(error).what;
  }
}
