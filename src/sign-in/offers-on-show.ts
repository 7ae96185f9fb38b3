import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { InitiatedChannel } from "../protocol/channel.js";
import { receiveScan } from "../protocol/establishment.js";
import { deleteSessions } from "./delete-sessions.js";
import type { MakeOffer, Offer } from "./offer.js";

/** An offer that was scanned, by a device that knows the key of its QR code. */
export interface ScannedOffer {
  readonly offer: Offer;
  readonly initiated: InitiatedChannel;
}

/**
 * Keeps several offers open at once: one of each version, and each followed by a fresh one when half its life
 * is over without a scan. An old one counts until it expires. The first that is scanned wins; the others are
 * deleted.
 *
 * @param show shows an offer as the newest of its version
 * @throws {Failure} whatever happened to any of the sessions, but for an expiry of one that was replaced
 */
export async function waitForScan(
  starts: readonly { readonly first: Offer; readonly makeNext: MakeOffer }[],
  show: (offer: Offer) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<ScannedOffer> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const made = new Set<Offer>();
  const tasks: Promise<void>[] = [];
  const { promise: won, resolve, reject } = deferred<ScannedOffer>();

  const onShow = (offer: Offer, makeNext: MakeOffer): void => {
    made.add(offer);
    let successor: "none" | "shown" | { readonly failure: unknown } = "none";
    const listen = async () => {
      try {
        resolve({ offer, initiated: await receiveScan(offer.transport, offer.channel, either) });
      } catch (error) {
        const isExpired = error instanceof Failure && error.code === "rendezvous_expired";
        if (isExpired && successor === "shown") return;
        // Why there is no other code says more than that this one is over.
        reject(isExpired && successor !== "none" && successor !== "shown" ? successor.failure : error);
      }
    };
    const replace = async () => {
      const { expiresAt } = offer.transport.session;
      await clock.sleep((expiresAt - clock.now()) / 2, either);
      try {
        const next = await makeNext(either);
        made.add(next);
        if (either.aborted) return;
        onShow(next, makeNext);
        successor = "shown";
      } catch (failure) {
        // The old code is still good: there is time until it expires.
        successor = { failure };
      }
    };
    tasks.push(listen(), show(offer).then(replace).catch(reject));
  };

  for (const { first, makeNext } of starts) onShow(first, makeNext);
  let winner: Offer | undefined;
  try {
    const scanned = await won;
    winner = scanned.offer;
    return scanned;
  } finally {
    stop.abort();
    while (tasks.length > 0) await tasks.pop();
    const losers = [...made].filter((offer) => offer !== winner);
    await deleteSessions(
      losers.map(({ transport }) => transport.session),
      clock,
    );
  }
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise, resolve, reject };
}
