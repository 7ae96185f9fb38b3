import type { Clock } from "../foundation/clock.js";
import type { Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { parseJson } from "../foundation/json.js";
import type { EstablishedChannel } from "./channel.js";
import type { ExpectedUser } from "./expected-user.js";
import { failureOf, reasonFor } from "./failure-reasons.js";
import type { Message, MessageFormat, MessageOf, MessageType } from "./messages.js";
import type { Pace, Received, RendezvousSession } from "./rendezvous-session.js";
import { withinTime } from "./within-time.js";

/** How long the writer of a final message waits for the 404 that shows that it was read. */
const RECEIPT_MS = 3000;
const ABANDON_MS = 3500;

/** What a secure channel runs over: a rendezvous session, and how its version writes messages. */
export interface InsecureChannel {
  readonly session: RendezvousSession;
  readonly messages: MessageFormat;
  readonly clock: Clock;
}

/** How a channel came about, which decides what it may be used for. */
export interface Establishment<Role extends Intent> {
  readonly role: Role;
  /** S writes first, once G has answered it. */
  readonly firstTurn: "ours" | "theirs";
  /** What the other device has written already. */
  readonly kept?: Received | undefined;
  /** What stands in for a typed check code. */
  readonly expectedUser?: ExpectedUser | undefined;
}

/**
 * The secure channel of two devices that take turns (MSC4388 §Secure operations). A device writes only on
 * its turn: overwriting a message that wasn't read would make every later one unreadable.
 */
export class SecureChannel<Role extends Intent = Intent> {
  readonly #role: Role;
  readonly #expectedUser: ExpectedUser | undefined;
  readonly #insecure: InsecureChannel;
  readonly #channel: EstablishedChannel;
  #turn: "ours" | "theirs" | "unclear";
  #kept: Received | undefined;
  /** A final message was written or read, or the session is no more. */
  #over = false;
  /** Settles when the session of a final message that was read is deleted, or can't be. */
  #deletion: Promise<void> = Promise.resolve();

  constructor(
    insecure: InsecureChannel,
    channel: EstablishedChannel,
    { role, firstTurn, kept, expectedUser }: Establishment<Role>,
  ) {
    this.#role = role;
    this.#expectedUser = expectedUser;
    this.#insecure = insecure;
    this.#channel = channel;
    this.#turn = firstTurn;
    this.#kept = kept;
  }

  /**
   * Whether this is a channel of that role's end. It asks what nobody can change: a channel serves one role, since
   * each has its own way past the check code.
   */
  static isFor<As extends Intent>(channel: SecureChannel, role: As): channel is SecureChannel<As> {
    return #role in channel && channel.#role === role;
  }

  /** Who the new device has to become, where nobody typed the check code. */
  static expectedUserOf(channel: SecureChannel<"new">): ExpectedUser | undefined {
    return channel.#expectedUser;
  }

  /** Which device this end is. */
  get role(): Role {
    return this.#role;
  }

  /** When the rendezvous session ends, in milliseconds on the monotonic clock. */
  get expiresAt(): number {
    return this.#insecure.session.expiresAt;
  }

  /**
   * SecureSend (MSC4388 §Secure operations).
   *
   * @throws {Failure} `concurrent_write`, `delivery_unknown`, the failure that the other device sent out of
   *   turn, and what the rendezvous session throws
   */
  async send(message: Message, signal: AbortSignal): Promise<void> {
    if (this.#turn !== "ours") throw new Error("A device writes only on its turn.");
    const { session, messages } = this.#insecure;
    const plaintext = new TextEncoder().encode(JSON.stringify(messages.write(message)));
    this.#turn = "unclear";
    const data = await this.#channel.seal(plaintext, session.additionalData);
    const outcome = await session.write(data, signal);
    if (!outcome.written) throw await this.#explainConflict(outcome, signal);
    this.#turn = "theirs";
    this.#over ||= isOneOf(message, FINAL_MESSAGES);
  }

  /** Sends a message that ends the sign-in, and waits for its receipt. */
  async sendFinal(message: Message, signal: AbortSignal): Promise<void> {
    await this.send(message, signal);
    await this.awaitReceipt(signal);
  }

  /**
   * Waits a little, after a message that ends the sign-in, for the receipt: its reader deletes the session.
   * Without one the message may have been read all the same.
   */
  async awaitReceipt(signal: AbortSignal): Promise<void> {
    const { session, clock } = this.#insecure;
    await withinTime(RECEIPT_MS, clock, (enough) => session.waitUntilGone(AbortSignal.any([signal, enough])));
  }

  /**
   * SecureReceive (MSC4388 §Secure operations): waits for a message of one of these types. After one that ends the
   * sign-in, the session is being deleted: see `deleted`.
   *
   * @throws {Failure} what the other device's `m.login.failure` says; `unexpected_message` for anything else;
   *   `message_not_authentic`; and what the rendezvous session throws
   */
  async receive<T extends MessageType>(
    types: readonly T[],
    pace: Pace,
    signal: AbortSignal,
  ): Promise<MessageOf<T>> {
    const received = this.#kept ?? (await this.#insecure.session.waitForChange(pace, signal));
    this.#kept = undefined;
    const message = await this.#open(received, signal);
    this.#turn = "ours";
    if (message && isOneOf(message, types)) return message;
    throw new Failure("unexpected_message");
  }

  /**
   * Looks after the session while it is our turn and we wait for something else.
   *
   * @throws {Failure} what the other device sent out of turn, and what the rendezvous session throws
   */
  async watch(signal: AbortSignal): Promise<never> {
    const received = await this.#insecure.session.waitForChange("nobody", signal);
    this.#turn = "unclear";
    await this.#open(received, signal);
    this.#turn = "ours";
    await this.#deletion;
    throw new Failure("unexpected_message");
  }

  /** Waits until the session is deleted whose last message was read, as far as it can be. Never throws. */
  async deleted(): Promise<void> {
    await this.#deletion;
  }

  /**
   * Ends a sign-in that failed: tells the other device why, where it is our turn and a reason of the MSC
   * fits, and deletes the session otherwise. Never throws, and takes 3.5 s at most.
   *
   * @returns the reason that the other device was told, if it was
   */
  async abandon(failure: Failure): Promise<string | undefined> {
    const isGone = failure.code === "rendezvous_gone" || failure.code === "rendezvous_expired";
    if (this.#over || isGone) {
      await this.#deletion;
      return undefined;
    }
    const reason = reasonFor(failure);
    const { session, clock } = this.#insecure;
    let told: string | undefined;
    await withinTime(ABANDON_MS, clock, async (signal) => {
      if (reason !== undefined && this.#turn === "ours") {
        told = await this.send({ type: "m.login.failure", reason }, signal).then(
          () => reason,
          () => undefined,
        );
      }
      if (told !== undefined) return this.awaitReceipt(signal);
      // What came in the place of our message may have ended the session already.
      return this.#over ? this.#deletion : session.delete(signal);
    });
    return told;
  }

  /**
   * Refuses a channel that a program uses for what it wasn't confirmed for, which types can't always prevent.
   *
   * @throws {TypeError} always, once the session is deleted
   */
  async refuse(why: string): Promise<never> {
    await this.abandon(new Failure("internal_error"));
    throw new TypeError(why);
  }

  /** Opens and reads a message; one that ends the sign-in has the session deleted, a failure is thrown after that. */
  async #open(received: Received, signal: AbortSignal): Promise<Message | undefined> {
    const plaintext = await this.#unseal(received);
    const message = this.#insecure.messages.read(parseJson(plaintext));
    if (message && isOneOf(message, FINAL_MESSAGES)) {
      this.#over = true;
      this.#deletion = this.#insecure.session.delete(signal).catch(() => undefined);
    }
    if (message?.type === "m.login.failure") {
      await this.#deletion;
      throw failureOf(message);
    }
    return message;
  }

  /** Tries what a message may be sealed with. A failing open leaves a channel of MSC4388 as it was. */
  async #unseal({ data, sealedWith }: Received): Promise<Uint8Array> {
    let failure: unknown;
    for (const additionalData of sealedWith) {
      try {
        return await this.#channel.open(data, additionalData);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /**
   * Another write came before ours. What opens is the other device's, sent out of turn: matrix-rust-sdk's
   * existing device does that when it is cancelled.
   */
  async #explainConflict(
    { found, mayHaveBeenRead }: { found: Received; mayHaveBeenRead: boolean },
    signal: AbortSignal,
  ): Promise<Failure> {
    try {
      await this.#open(found, signal);
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.code !== "message_not_authentic") return failure;
      return new Failure(mayHaveBeenRead ? "delivery_unknown" : "concurrent_write");
    }
    return new Failure("unexpected_message");
  }
}

const FINAL_MESSAGES = ["m.login.failure", "m.login.declined", "m.login.secrets"] as const;

function isOneOf<T extends MessageType>(message: Message, types: readonly T[]): message is MessageOf<T> {
  return (types as readonly MessageType[]).includes(message.type);
}
