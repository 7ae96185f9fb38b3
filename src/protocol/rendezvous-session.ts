import type { ChannelVersion } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";

/**
 * Who is to act before the other device writes: the device itself, which is about to answer; a person; whoever scans a
 * code that was just put on show; or nobody, since it isn't its turn, and all that may come is a failure or the end of the
 * session.
 */
export type Pace = "machine" | "person" | "scanner" | "nobody";

/** What the other device wrote. */
export interface Received {
  readonly data: string;
  /**
   * The additional data that it may have been sealed with, the likeliest first: the other device uses the
   * sequence token that it saw last, which is that of our last write, unless it wrote twice in a row.
   */
  readonly sealedWith: readonly [Uint8Array, ...Uint8Array[]];
}

export type WriteOutcome =
  | { readonly written: true }
  | {
      readonly written: false;
      /** What is there instead. */
      readonly found: Received;
      /** True where an answer was lost: our data may have been there, and been replied to. */
      readonly mayHaveBeenRead: boolean;
    };

/**
 * A rendezvous session: one slot on a homeserver, which the two devices overwrite in turn (MSC4388 §Insecure
 * rendezvous session). It promises nothing about who wrote what.
 *
 * Each method rejects with the signal's reason when that is aborted, with `rendezvous_expired` or
 * `rendezvous_gone` when the session is no more, and with `network_error` or `server_error` when the server
 * can't be reached or understood.
 */
export interface RendezvousSession {
  readonly channel: ChannelVersion;
  /** Milliseconds on the monotonic clock. */
  readonly expiresAt: number;
  /**
   * What the next message is to be sealed with, so that it opens in this session and in its place alone
   * (MSC4388 §Secure channel, step 4). Empty in the 2024 version, which binds its messages to nothing.
   */
  readonly additionalData: Uint8Array;
  /** @throws {Failure} `delivery_unknown` when the session is gone and an answer to this write was lost before */
  write(data: string, signal: AbortSignal): Promise<WriteOutcome>;
  /** Polls until the other device has written, and gives what it wrote. */
  waitForChange(pace: Pace, signal: AbortSignal): Promise<Received>;
  /** Polls until the session is gone, whatever is written meanwhile. */
  waitUntilGone(signal: AbortSignal): Promise<void>;
  /**
   * Cancels the session. A session that is gone already is as good, and so is one of others that this device hasn't
   * written to: whatever a QR code names is not deleted for having been looked at.
   */
  delete(signal: AbortSignal): Promise<void>;
}

/** What it means that a session is gone right after a write whose answer was lost: who has read it may have ended it. */
export function unlessRead(gone: unknown): unknown {
  return gone instanceof Failure && gone.code === "rendezvous_gone" ? new Failure("delivery_unknown") : gone;
}

/** A slot that isn't empty when S first looks at it holds what another device wrote. */
export function usedCode(): Failure {
  return new Failure("concurrent_write", "Somebody has used this QR code before: each one works once.");
}
