import type { Dialect } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import type {
  CheckCodes,
  EstablishedChannel,
  InitiatedChannel,
  InitiatingChannel,
  OfferedChannel,
  UnconfirmedChannel,
} from "./channel.js";
import type { Received } from "./rendezvous-session.js";
import { SecureChannel, type Transport } from "./secure-channel.js";

/** From a QR code to a secure channel, for both devices (MSC4388 §Secure channel, Establishment). */

/** Writes a message of the handshake, which the other device can't have overtaken by one of its own. */
async function writeHandshake({ session }: Transport, data: string, signal: AbortSignal): Promise<void> {
  const outcome = await session.write(data, signal);
  if (outcome.written) return;
  throw new Failure(outcome.mayHaveBeenRead ? "delivery_unknown" : "concurrent_write");
}

/**
 * Device G waits for its code to be scanned (MSC4388 §Secure channel, step 5).
 *
 * @throws {Failure} `message_not_authentic`, and what the rendezvous session throws
 */
export async function receiveScan(
  { session, aad }: Transport,
  offered: OfferedChannel,
  signal: AbortSignal,
): Promise<InitiatedChannel> {
  const received = await session.waitForChange("person", signal);
  const [token = ""] = received.sealedUnder;
  return offered.receiveLoginInitiate(received.data, aad(token));
}

/**
 * Device G answers the device that has scanned its code (MSC4388 §Secure channel, step 5).
 *
 * @throws {Failure} `concurrent_write`, `delivery_unknown`, and what the rendezvous session throws
 */
export async function answerScan(
  transport: Transport,
  initiated: InitiatedChannel,
  signal: AbortSignal,
): Promise<UnconfirmedSecureChannel> {
  const { session, aad } = transport;
  const { loginOk, channel } = await initiated.sealLoginOk(aad(session.lastSeenToken));
  await writeHandshake(transport, loginOk, signal);
  return new UnconfirmedSecureChannel(transport, channel);
}

/** Device G, while its user reads the check code from device S. It can neither send nor receive. */
export class UnconfirmedSecureChannel {
  readonly #transport: Transport;
  readonly #channel: UnconfirmedChannel;
  /** S's first message, which may come before the code is typed, kept unopened. */
  #kept: Received | undefined;

  constructor(transport: Transport, channel: UnconfirmedChannel) {
    this.#transport = transport;
    this.#channel = channel;
  }

  /**
   * Looks after the session while the code is typed; to be stopped by the signal before `confirm`.
   *
   * @throws {Failure} `unexpected_message` when S overwrites what G hasn't read, and what the session throws
   */
  async watch(signal: AbortSignal): Promise<never> {
    const { session } = this.#transport;
    this.#kept ??= await session.waitForChange("person", signal);
    await session.waitForChange("person", signal);
    throw new Failure("unexpected_message", "The other device sent a second message before its turn.");
  }

  /** MSC4388 §Secure channel, step 7. Undefined for a wrong code; that may be tried again. */
  confirm(code: string): { channel: SecureChannel; dialect: Dialect | undefined } | undefined {
    const confirmed = this.#channel.confirm(code);
    return confirmed && { channel: this.#secure(confirmed.channel), dialect: confirmed.dialect };
  }

  /** Goes on without a typed code: see `UnconfirmedChannel`. */
  confirmForExpectedUser(): { channel: SecureChannel } & CheckCodes {
    const { channel, ...codes } = this.#channel.confirmForExpectedUser();
    return { channel: this.#secure(channel), ...codes };
  }

  #secure(channel: EstablishedChannel): SecureChannel {
    return new SecureChannel(this.#transport, channel, "theirs", this.#kept);
  }
}

/**
 * Device S makes the channel (MSC4388 §Secure channel, steps 4 and 6).
 *
 * @returns the channel, secure for S, and what S has to show
 * @throws {Failure} `message_not_authentic`, `concurrent_write`, and what the rendezvous session throws
 */
export async function initiateSecureChannel(
  transport: Transport,
  initiate: (aad: Uint8Array) => Promise<InitiatingChannel>,
  signal: AbortSignal,
): Promise<{ channel: SecureChannel; dialect: Dialect | undefined } & CheckCodes> {
  const { session, aad } = transport;
  const initiating = await initiate(aad(session.lastSeenToken));
  await writeHandshake(transport, initiating.loginInitiate, signal);
  const received = await session.waitForChange("machine", signal);
  const [token = ""] = received.sealedUnder;
  const { channel, dialect, ...codes } = await initiating.receiveLoginOk(received.data, aad(token));
  return { channel: new SecureChannel(transport, channel, "ours"), dialect, ...codes };
}
