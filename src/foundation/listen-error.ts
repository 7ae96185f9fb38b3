import { errorCode } from "./error-code.js";
import { escapeText } from "./escape-text.js";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there already",
  EADDRNOTAVAIL: "this machine doesn't have that address",
  EACCES: "only an administrator may use that port",
  ENOTFOUND: "there is no such host",
  EAFNOSUPPORT: "this machine doesn't have that kind of address",
};

/**
 * Why a server can't listen: where, and what is in the way, as a sentence.
 *
 * @param error Node's, which tells the address
 */
export function describeListenError(error: unknown): string {
  const { address, port, hostname } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const host = typeof address === "string" ? address : hostname;
  const shownHost = typeof host === "string" && host.includes(":") ? `[${host}]` : host;
  const where = [shownHost, port].filter((part) => part !== undefined).join(":");
  const code = errorCode(error);
  const why = REASONS[code ?? ""] ?? "the system doesn't allow it";
  return `Can't listen${where === "" ? "" : ` on ${escapeText(where)}`}: ${why}${code === undefined ? "" : ` (${code})`}.`;
}
