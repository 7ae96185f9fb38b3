import { msUntil } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { Network } from "../network/network.js";
import type { SignInQrPayload } from "../protocol/qr-code.js";
import { joinMsc4108, joinMsc4388 } from "./join-session.js";

/** Whether a QR code still lives, as far as its rendezvous session tells. */
export interface Life {
  /** It can be scanned: its session is there, and nobody has written to it since the code was made. */
  readonly alive: boolean;
  /** How long it still can be, in milliseconds; absent where the server doesn't tell. */
  readonly expires_in_ms?: number;
  /** Its session is there, but a device has scanned it before: each code works once. */
  readonly scanned?: true;
}

/**
 * Asks the rendezvous session that a QR code names, as a device does that scans it, and stops there: nothing is written
 * and nothing deleted, and neither device is told.
 *
 * @throws {Failure} `url_refused`, `homeserver_without_rendezvous`, `network_error`, `server_error`, where it can't be
 *   found out
 * @throws the signal's reason
 */
export async function lookAtCode(
  network: Network,
  code: SignInQrPayload,
  signal: AbortSignal,
): Promise<Life> {
  try {
    const session =
      code.channel === "msc4388"
        ? await joinMsc4388(network, code, signal)
        : await joinMsc4108(network, code, signal);
    if (session.channel === "msc4108-2024" && !session.tellsLifetime) return { alive: true };
    const expires_in_ms = msUntil(session.expiresAt, network.clock);
    return expires_in_ms > 0 ? { alive: true, expires_in_ms } : { alive: false };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    if (thrown.code === "rendezvous_expired") return { alive: false };
    if (thrown.code === "concurrent_write") return { alive: false, scanned: true };
    throw thrown;
  }
}
