import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { parseJson } from "../foundation/json.js";
import type { EstablishedChannel } from "./channel.js";
import { failureOf, reasonFor } from "./failure-reasons.js";
import type { Message, MessageFormat, MessageOf, MessageType } from "./messages.js";
import type { Pace, Received, RendezvousSession } from "./rendezvous-session.js";
import { withinTime } from "./within-time.js";

/** How long the writer of a final message waits for the 404 that shows that it was read. */
const RECEIPT_MS = 3000;
const ABANDON_MS = 3500;

/** What a secure channel runs over: a rendezvous session, and how its version writes and binds messages. */
export interface Transport {
  readonly session: RendezvousSession;
  readonly messages: MessageFormat;
  /** The additional authenticated data for a sequence token. */
  readonly aad: (sequenceToken: string) => Uint8Array;
  readonly clock: Clock;
}

/** Tries the sequence tokens that a message may be sealed under. A failing open leaves a channel as it was. */
async function openReceived<T>(
  { data, sealedUnder }: Received,
  { aad }: Transport,
  open: (data: string, aad: Uint8Array) => Promise<T>,
): Promise<T> {
  let failure: unknown = new Failure("message_not_authentic");
  for (const token of sealedUnder) {
    try {
      return await open(data, aad(token));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/**
 * The secure channel of two devices that take turns (MSC4388 §Secure operations). A device writes only on
 * its turn: overwriting a message that wasn't read would make every later one unreadable.
 */
export class SecureChannel {
  readonly #transport: Transport;
  readonly #channel: EstablishedChannel;
  #turn: "ours" | "theirs" | "unclear";
  #kept: Received | undefined;
  /** A final message was written or read, or the session is no more. */
  #over = false;

  constructor(
    transport: Transport,
    channel: EstablishedChannel,
    turn: "ours" | "theirs",
    kept?: Received | undefined,
  ) {
    this.#transport = transport;
    this.#channel = channel;
    this.#turn = turn;
    this.#kept = kept;
  }

  /** When the rendezvous session ends, in milliseconds on the monotonic clock. */
  get expiresAt(): number {
    return this.#transport.session.expiresAt;
  }

  /**
   * SecureSend.
   *
   * @throws {Failure} `concurrent_write`, `delivery_unknown`, the failure that the other device sent out of
   *   turn, and what the rendezvous session throws
   */
  async send(message: Message, signal: AbortSignal): Promise<void> {
    const { session, messages, aad } = this.#transport;
    const plaintext = new TextEncoder().encode(JSON.stringify(messages.write(message)));
    this.#turn = "unclear";
    const data = await this.#channel.seal(plaintext, aad(session.lastSeenToken));
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
    const { session, clock } = this.#transport;
    await withinTime(RECEIPT_MS, clock, (enough) => session.waitUntilGone(AbortSignal.any([signal, enough])));
  }

  /**
   * SecureReceive: waits for a message of one of these types. After one that ends the sign-in, the session is
   * deleted.
   *
   * @throws {Failure} what the other device's `m.login.failure` says; `unexpected_message` for anything else;
   *   `message_not_authentic`; and what the rendezvous session throws
   */
  async receive<T extends MessageType>(
    types: readonly T[],
    pace: Pace,
    signal: AbortSignal,
  ): Promise<MessageOf<T>> {
    const received = this.#kept ?? (await this.#transport.session.waitForChange(pace, signal));
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
    const received = await this.#transport.session.waitForChange("person", signal);
    this.#turn = "unclear";
    await this.#open(received, signal);
    this.#turn = "ours";
    throw new Failure("unexpected_message");
  }

  /**
   * Ends a sign-in that failed: tells the other device why, where it is our turn and a reason of the MSC
   * fits, and deletes the session otherwise. Never throws, and takes 3.5 s at most.
   *
   * @returns the reason that the other device was told, if it was
   */
  async abandon(failure: Failure): Promise<string | undefined> {
    const isGone = failure.code === "rendezvous_gone" || failure.code === "rendezvous_expired";
    if (this.#over || isGone) return undefined;
    const reason = reasonFor(failure);
    const { session, clock } = this.#transport;
    let told: string | undefined;
    await withinTime(ABANDON_MS, clock, async (signal) => {
      if (reason === undefined || this.#turn !== "ours") return session.delete(signal);
      await this.send({ type: "m.login.failure", reason }, signal);
      told = reason;
      return this.awaitReceipt(signal);
    });
    return told;
  }

  /** Opens and reads a message; one that ends the sign-in deletes the session, a failure is thrown. */
  async #open(received: Received, signal: AbortSignal): Promise<Message | undefined> {
    const plaintext = await openReceived(received, this.#transport, (data, aad) =>
      this.#channel.open(data, aad),
    );
    const message = this.#transport.messages.read(parseJson(plaintext));
    if (message && isOneOf(message, FINAL_MESSAGES)) {
      this.#over = true;
      await this.#transport.session.delete(signal).catch(() => undefined);
    }
    if (message?.type === "m.login.failure") throw failureOf(message);
    return message;
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
