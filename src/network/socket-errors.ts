import { errorCode } from "../foundation/error-code.js";
import { TransportError } from "./transport.js";

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

const UNKNOWN_AUTHORITY_HINT =
  "If that certificate is right, name the file of its authority in the environment: NODE_EXTRA_CA_CERTS=FILE.";

/** What Node or undici threw, said in words. */
export function describeSocketError(error: unknown): TransportError {
  const code = firstErrorCode(error);

  const certificate = CERTIFICATE[code];
  if (certificate !== undefined) {
    const hint = /self-signed|authority/.test(certificate) ? { hint: UNKNOWN_AUTHORITY_HINT } : {};
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
  if (code === "ENOTFOUND") {
    return new TransportError("there is no such host", {
      mayHaveBeenSent: false,
      worthRepeating: false,
      cause: error,
    });
  }
  const proxyStatus = /^Proxy response \((\d{3})\)/.exec(error instanceof Error ? error.message : "")?.[1];
  if (proxyStatus !== undefined) {
    return new TransportError(`the proxy answered ${proxyStatus}`, { mayHaveBeenSent: false, cause: error });
  }
  const before = BEFORE_SENDING[code];
  if (before !== undefined && !failedWhileReading(error)) {
    return new TransportError(before, { mayHaveBeenSent: false, cause: error });
  }
  return new TransportError("the connection broke", { mayHaveBeenSent: true, cause: error });
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
