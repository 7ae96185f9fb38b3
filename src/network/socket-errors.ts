import { errorCode } from "../foundation/error-code.js";
import type { Environment } from "../foundation/machine.js";
import { authorityHint } from "./authority-hint.js";
import { proxyOfError } from "./proxy-settings.js";
import { TransportError } from "./transport.js";
import { isLoopback } from "./url-policy.js";

/** What went wrong before anything of the request was sent. */
const BEFORE_SENDING: Readonly<Record<string, string>> = {
  EAI_AGAIN: "its name can't be looked up at the moment",
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to its network",
  EADDRNOTAVAIL: "no route to its network",
  ETIMEDOUT: "it doesn't answer",
  UND_ERR_CONNECT_TIMEOUT: "it doesn't answer",
  UND_ERR_PRX_TLS: "the proxy's certificate is not valid",
};

const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is signed by an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by an unknown authority",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  CERT_REVOKED: "its certificate was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
};

const PROXY_HINT =
  "That proxy is from the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY); NO_PROXY lists hosts to reach without it.";
const PROXY_LOGIN_HINT =
  "The proxy wants a name and a password: write them into HTTPS_PROXY, as in http://USER:PASSWORD@HOST:PORT.";

/**
 * What Node or undici threw, said in words.
 *
 * @param url what was asked for
 * @param env says which proxy and which certificates may be at fault
 */
export function describeSocketError(error: unknown, url: URL, env: Environment): TransportError {
  const code = firstErrorCode(error);

  const certificate = CERTIFICATE[code];
  if (certificate !== undefined) {
    const hint = /self-signed|authority/.test(certificate) ? { hint: authorityHint(env) } : {};
    return new TransportError(certificate, {
      mayHaveBeenSent: false,
      worthRepeating: false,
      cause: error,
      ...hint,
    });
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return new TransportError("it doesn't speak TLS, or no version that is understood here", {
      mayHaveBeenSent: false,
      worthRepeating: false,
      cause: error,
    });
  }
  const proxy = isLoopback(url.hostname) ? undefined : proxyOfError(error, env);
  if (proxy !== undefined) {
    const what = BEFORE_SENDING[code] ?? (code === "ENOTFOUND" ? "there is no such host" : code);
    return new TransportError(`its proxy ${proxy} can't be reached (${what})`, {
      mayHaveBeenSent: false,
      worthRepeating: code !== "ENOTFOUND",
      hint: PROXY_HINT,
      cause: error,
    });
  }
  if (code === "ENOTFOUND") {
    return new TransportError("there is no such host", {
      mayHaveBeenSent: false,
      worthRepeating: false,
      cause: error,
    });
  }
  const proxyStatus = proxyStatusOf(error);
  if (proxyStatus !== undefined) {
    const login = proxyStatus === "407" ? { hint: PROXY_LOGIN_HINT, worthRepeating: false } : {};
    const options = { mayHaveBeenSent: false, cause: error, ...login };
    return new TransportError(`the proxy answered ${proxyStatus}`, options);
  }
  const before = BEFORE_SENDING[code];
  if (before !== undefined && !failedWhileReading(error)) {
    return new TransportError(before, { mayHaveBeenSent: false, cause: error });
  }
  return new TransportError("the connection broke", { mayHaveBeenSent: true, cause: error });
}

/** The status with which a proxy refused to connect, or to hand a request on. */
export function proxyStatusOf(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : "";
  return /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(message)?.[1];
}

/** The first code in a chain of causes; an AggregateError is one failed connection for each address. */
function firstErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const beneath: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return errorCode(error) ?? firstErrorCode(beneath);
}

/** ETIMEDOUT and the like come from established connections too. */
function failedWhileReading(error: unknown): boolean {
  return (
    error instanceof Error && "syscall" in error && (error.syscall === "read" || error.syscall === "write")
  );
}
