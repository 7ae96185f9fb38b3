import type { Clock } from "../foundation/clock.js";
import type { FailureCode } from "../foundation/failures.js";
import type { DeviceAuthorization, SignInHomeserver } from "./homeserver.js";
import type { SignInAttempt } from "./sign-in-attempt.js";

/** How long a token request that is under way may go on once it is no longer wanted: its answer matters. */
const LINGER_MS = 1000;
/** RFC 8628 §3.5: what `slow_down` adds to the interval. */
const SLOW_DOWN_MS = 5000;
/** However often a server asks for more: a consent is noticed within this time. */
const LONGEST_INTERVAL_MS = 60_000;

/** How the wait for a person ended, where not in tokens. */
export const NOT_GRANTED = {
  declined: "consent_declined",
  expired: "authorization_expired",
  dropped: "authorization_dropped",
} as const satisfies Record<string, FailureCode>;

/**
 * Polls the token endpoint until the person has decided, or can no longer (RFC 8628 §3.4 and §3.5). Tokens that
 * are granted are kept by the attempt, and that they were asked for before.
 *
 * @throws {Failure} what the token endpoint and the attempt throw; the signal's reason
 */
export async function pollUntilDecided(
  homeserver: SignInHomeserver,
  { expiresAt, intervalMs: askedFor }: DeviceAuthorization,
  attempt: SignInAttempt,
  clock: Clock,
  signal: AbortSignal,
): Promise<"granted" | keyof typeof NOT_GRANTED> {
  await attempt.record(homeserver);
  const requests = abortedLater(signal, LINGER_MS, clock);
  let intervalMs = askedFor;
  try {
    while (clock.now() < expiresAt) {
      const answer = await attempt.ask(() => homeserver.pollForTokens(requests.signal));
      if (answer.status === "granted") {
        await attempt.begin(homeserver, answer.tokens);
        if (answer.unusable) throw answer.unusable;
        return "granted";
      }
      if (answer.status === "slow_down")
        intervalMs = Math.min(intervalMs + SLOW_DOWN_MS, LONGEST_INTERVAL_MS);
      else if (answer.status !== "pending") return answer.status;
      await clock.sleep(Math.min(intervalMs, expiresAt - clock.now()), signal);
    }
    return "expired";
  } finally {
    requests.release();
  }
}

/** A signal that follows another one after a while, until it is no longer needed. */
function abortedLater(signal: AbortSignal, ms: number, clock: Clock) {
  const later = new AbortController();
  const done = new AbortController();
  const follow = () =>
    void clock.sleep(ms, done.signal).then(
      () => later.abort(signal.reason),
      () => undefined,
    );
  signal.addEventListener("abort", follow, { once: true, signal: done.signal });
  return { signal: later.signal, release: () => done.abort() };
}
