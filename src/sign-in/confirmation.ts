import { msUntil } from "../foundation/clock.js";
import type { Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { TRIES, type UnconfirmedSecureChannel } from "../protocol/establishment.js";
import type { ExpectedUser } from "../protocol/expected-user.js";
import type { RendezvousSession } from "../protocol/rendezvous-session.js";
import type { SecureChannel } from "../protocol/secure-channel.js";
import { whileWatching } from "../protocol/while-watching.js";
import type { SignInWorld } from "./world.js";

/**
 * How device G makes sure that the right device has scanned its code (MSC4388 §Secure channel, step 7). Nothing
 * but what `UnconfirmedSecureChannel` offers gives it the channel.
 *
 * @throws {Failure} `check_code_wrong`, `user_cancelled`, and what the rendezvous session throws; the signal's reason
 */
export type Confirmation<Role extends Intent> = (
  unconfirmed: UnconfirmedSecureChannel<Role>,
  session: RendezvousSession,
  world: Pick<SignInWorld, "emit" | "clock">,
  signal: AbortSignal,
) => Promise<SecureChannel<Role>>;

/**
 * Where the check code comes from that somebody read on the other device. What it gives may be any text: whether
 * it is the code is decided by the channel alone. Rejects with the signal's reason when that is aborted, and
 * with `user_cancelled` at the end of input.
 */
export type CheckCodeSource = (attemptsLeft: number, signal: AbortSignal) => Promise<string>;

/**
 * Somebody types the check code that the other device shows.
 *
 * @param attempts how often it may be typed, from 1 to 3
 * @throws {RangeError} for any other number of attempts
 */
export function byTypedCode(
  ask: CheckCodeSource,
  attempts: number,
): <Role extends Intent>(...args: Parameters<Confirmation<Role>>) => Promise<SecureChannel<Role>> {
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > TRIES) {
    throw new RangeError(`A check code may be typed once to ${TRIES} times.`);
  }
  return async (unconfirmed, session, { emit, clock }, signal) => {
    for (let attemptsLeft = attempts; attemptsLeft > 0; ) {
      const expires_in_ms = msUntil(session.expiresAt, clock);
      emit({ event: "check_code_required", expires_in_ms, attempts_left: attemptsLeft });
      const code = await whileWatching(
        (watched) => unconfirmed.watch(watched),
        (watched) => ask(attemptsLeft, watched),
        signal,
      );
      const confirmed = unconfirmed.confirm(code);
      if (confirmed) {
        const { channel, dialect } = confirmed;
        emit({ event: "secure_channel", channel: session.channel, ...(dialect ? { dialect } : {}) });
        return channel;
      }
      attemptsLeft--;
      emit({ event: "check_code_rejected", attempts_left: attemptsLeft });
    }
    throw new Failure("check_code_wrong");
  };
}

/**
 * Nobody types a code. For a new device alone, whose sign-in can then end as this user and in no other way.
 *
 * @param expectedUser what `resolveUserHomeserver` gave; a confirmation with anything else throws a TypeError
 */
export function byExpectedUser(expectedUser: ExpectedUser): Confirmation<"new"> {
  return async (unconfirmed, session, { emit }) => {
    const { channel, checkCode, alternative } = unconfirmed.confirmForExpectedUser(expectedUser);
    emit({ event: "check_code", check_code: checkCode, ...(alternative ? { alternative } : {}) });
    emit({ event: "secure_channel", channel: session.channel });
    return channel;
  };
}
