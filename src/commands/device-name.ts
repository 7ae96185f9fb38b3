import type { Machine } from "../foundation/machine.js";

const PROGRAM = "matrix-qr-login";

/** What a new device is called unless it is told: with the host, which tells an account's devices apart. */
export function defaultDeviceName({ hostName }: Pick<Machine, "hostName">): string {
  const [host = ""] = hostName().split(".");
  return /^[\w-]{1,63}$/.test(host) ? `${PROGRAM} on ${host}` : PROGRAM;
}
