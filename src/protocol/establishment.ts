import { foldCheckCode } from "../foundation/check-code.js";
import type { Dialect, Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import type {
  CheckCodes,
  EstablishedChannel,
  InitiatedChannel,
  InitiatingChannel,
  OfferedChannel,
  UnconfirmedChannel,
} from "./channel.js";
import { ExpectedUser } from "./expected-user.js";
import type { Received } from "./rendezvous-session.js";
import { type InsecureChannel, SecureChannel } from "./secure-channel.js";

/** From a QR code to a secure channel, for both devices (MSC4388 §Secure channel, Establishment). */

/** Writes a message of the handshake, which the other device can't have overtaken by one of its own. */
async function writeHandshake(
  { session }: InsecureChannel,
  data: string,
  signal: AbortSignal,
): Promise<void> {
  const outcome = await session.write(data, signal);
  if (outcome.written) return;
  throw new Failure(outcome.mayHaveBeenRead ? "delivery_unknown" : "concurrent_write");
}

/**
 * Device G waits for its code to be scanned, and opens LoginInitiate (MSC4388 §Secure channel, step 5).
 *
 * @throws {Failure} `message_not_authentic`, and what the rendezvous session throws
 */
export async function receiveScan(
  { session }: InsecureChannel,
  offered: OfferedChannel,
  signal: AbortSignal,
): Promise<InitiatedChannel> {
  const received = await session.waitForChange("scanner", signal);
  return offered.receiveLoginInitiate(received.data, received.sealedWith[0]);
}

/**
 * Device G answers the device that has scanned its code with LoginOk (MSC4388 §Secure channel, step 5).
 *
 * @param role which device G is: its QR code's intent
 * @throws {Failure} `concurrent_write`, `delivery_unknown`, and what the rendezvous session throws
 */
export async function answerScan<Role extends Intent>(
  role: Role,
  insecure: InsecureChannel,
  initiated: InitiatedChannel,
  signal: AbortSignal,
): Promise<UnconfirmedSecureChannel<Role>> {
  const { loginOk, channel } = await initiated.sealLoginOk(insecure.session.additionalData);
  await writeHandshake(insecure, loginOk, signal);
  return new UnconfirmedSecureChannel(role, insecure, channel);
}

/** How often a check code may be typed: there are ninety of them. */
export const TRIES = 3;

/** Device G, while its user reads the check code from device S. It can neither send nor receive. */
export class UnconfirmedSecureChannel<Role extends Intent> {
  readonly #role: Role;
  readonly #insecure: InsecureChannel;
  readonly #channel: UnconfirmedChannel;
  /** S's first message, which may come before the code is typed, kept unopened. */
  #kept: Received | undefined;
  #triesLeft = TRIES;

  constructor(role: Role, insecure: InsecureChannel, channel: UnconfirmedChannel) {
    this.#role = role;
    this.#insecure = insecure;
    this.#channel = channel;
  }

  /**
   * Looks after the session while the code is typed; to be stopped by the signal before `confirm`.
   *
   * @throws {Failure} `unexpected_message` when S overwrites what G hasn't read, and what the session throws
   */
  async watch(signal: AbortSignal): Promise<never> {
    const { session } = this.#insecure;
    this.#kept ??= await session.waitForChange("machine", signal);
    await session.waitForChange("nobody", signal);
    throw new Failure("unexpected_message", "The other device sent a second message before its turn.");
  }

  /**
   * MSC4388 §Secure channel, step 7. A wrong code may be tried again, but not as often as it takes to guess one.
   *
   * @param code as it was typed: full-width digits, spaces and the like make no difference
   * @returns undefined for a wrong code
   * @throws {Failure} `check_code_wrong` after three of them, whatever the code
   */
  confirm(code: string): { channel: SecureChannel<Role>; dialect: Dialect | undefined } | undefined {
    if (this.#triesLeft === 0) throw new Failure("check_code_wrong");
    this.#triesLeft--;
    const confirmed = this.#channel.confirm(foldCheckCode(code) ?? "");
    return confirmed && { channel: this.#secure(this.#role, confirmed.channel), dialect: confirmed.dialect };
  }

  /**
   * Goes on without a typed code, for a new device that nobody sits at. An existing device has no such way: it
   * would send its secrets to whoever scanned first.
   *
   * @returns the channel, over which the sign-in can end as this user only, and the code that S shows
   * @throws {TypeError} for an existing device, or something else than `resolveUserHomeserver` gives
   */
  confirmForExpectedUser(
    this: UnconfirmedSecureChannel<"new">,
    expectedUser: ExpectedUser,
  ): { channel: SecureChannel<"new"> } & CheckCodes {
    if (this.#role !== "new") throw new TypeError("Only a new device goes on without a typed check code.");
    if (!ExpectedUser.isGenuine(expectedUser)) throw new TypeError("resolveUserHomeserver makes these.");
    const { channel, ...codes } = this.#channel.confirmUnseen();
    return { channel: this.#secure("new", channel, expectedUser), ...codes };
  }

  #secure<As extends Intent>(
    role: As,
    channel: EstablishedChannel,
    expectedUser?: ExpectedUser,
  ): SecureChannel<As> {
    return new SecureChannel(this.#insecure, channel, {
      role,
      firstTurn: "theirs",
      kept: this.#kept,
      expectedUser,
    });
  }
}

/**
 * Device S makes the channel (MSC4388 §Secure channel, steps 4 and 6).
 *
 * @param role which device S is: not the one of the QR code's intent
 * @param initiating S's end of the channel, with the session's additional data for LoginInitiate
 * @returns the channel, secure for S, and what S has to show
 * @throws {Failure} `message_not_authentic`, `concurrent_write`, and what the rendezvous session throws
 */
export async function initiateSecureChannel<Role extends Intent>(
  role: Role,
  insecure: InsecureChannel,
  initiating: Promise<InitiatingChannel>,
  signal: AbortSignal,
): Promise<{ channel: SecureChannel<Role>; dialect: Dialect | undefined } & CheckCodes> {
  const { session } = insecure;
  // 4. Device S sends the initial payload
  const initiated = await initiating;
  await writeHandshake(insecure, initiated.loginInitiate, signal);
  // 6. Verification by Device S
  const received = await session.waitForChange("machine", signal);
  const confirmed = await initiated.receiveLoginOk(received.data, received.sealedWith[0]);
  const { channel, dialect, ...codes } = confirmed;
  return { channel: new SecureChannel(insecure, channel, { role, firstTurn: "ours" }), dialect, ...codes };
}
