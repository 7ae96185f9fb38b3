import { isIP } from "node:net";
import { Failure } from "../foundation/failures.js";

/** Where the proxy listens: at an address, or on a socket that systemd has opened. */
export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly fd?: never }
  | { readonly fd: number };

/** A free port of this machine's own. */
export const ANY_LOOPBACK: ListenAddress = { host: "127.0.0.1", port: 0 };

const MAX_PORT = 65_535;
/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST_FD = 3;

/** @returns undefined for what is not `127.0.0.1:8009`, `[::1]:8009`, `localhost:8009` or `8009` */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits = ""] =
    /^(?:(?:\[([^\]]+)\]|([^:[\]/\s]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "127.0.0.1";
  const isHost = bracketed === undefined ? isIP(host) !== 6 : isIP(host) === 6;
  if (digits === "" || Number(digits) > MAX_PORT || !isHost) return undefined;
  return { host, port: Number(digits) };
}

/**
 * The socket that systemd has opened for this process; undefined where it has opened none.
 *
 * @throws {Failure} `usage_error` where it has opened several
 */
export function systemdSocket(
  { LISTEN_PID, LISTEN_FDS }: Readonly<Record<string, string | undefined>>,
  pid: number,
): ListenAddress | undefined {
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(pid)) return undefined;
  if (LISTEN_FDS === "1") return { fd: FIRST_FD };
  throw new Failure("usage_error", "The proxy listens on one socket, and systemd has opened another number.");
}
