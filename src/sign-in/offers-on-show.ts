import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { InitiatedChannel } from "../protocol/channel.js";
import { receiveScan } from "../protocol/establishment.js";
import { deleteSessions } from "./delete-sessions.js";
import type { Offer, Offers } from "./offer.js";

/** An offer that was scanned, by a device that knows the key of its QR code. */
export interface ScannedOffer {
  readonly offer: Offer;
  readonly initiated: InitiatedChannel;
}

/**
 * What an offer on show is, which decides what its expiry means:
 *
 * | standing      | becomes                                    | when it expires, the wait                 |
 * | ------------- | ------------------------------------------ | ----------------------------------------- |
 * | `newest`      | `replaced` once its successor is on show,  | ends: `rendezvous_expired`                |
 * |               | `last` once none can be made               |                                           |
 * | `replaced`    |                                            | goes on: its successor is there           |
 * | `last`        |                                            | ends with why there was no other, which   |
 * |               |                                            | says more than that this one is over      |
 *
 * In each of them a scan wins, and any other end of the session ends the wait.
 */
type Standing =
  | { readonly is: "newest" }
  | { readonly is: "replaced" }
  | { readonly is: "last"; readonly why: unknown };

/** What happens to an offer on show. */
type Happening =
  | { readonly what: "scanned"; readonly offer: Offer; readonly initiated: InitiatedChannel }
  | { readonly what: "ended"; readonly offer: Offer; readonly why: unknown }
  | { readonly what: "renewed"; readonly offer: Offer; readonly successor: Offer; readonly of: Offers }
  | { readonly what: "not_renewed"; readonly offer: Offer; readonly why: unknown };

/**
 * Keeps several offers on show: one of each version, and each followed by a fresh one when half its life is over
 * without a scan. An old one counts until it expires. The first that is scanned wins; the others are deleted.
 *
 * @param show shows an offer as the newest of its version
 * @throws {Failure} what ends the wait: see the table of standings; what `show` throws
 * @throws the signal's reason
 */
export async function waitForScan(
  offers: readonly Offers[],
  show: (offer: Offer) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<ScannedOffer> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const standings = new Map<Offer, Standing>();
  /** What has not been dealt with yet, be it over or not. */
  const awaited = new Set<Promise<{ readonly happening: Happening; readonly take: () => void }>>();
  const expect = (happens: Promise<Happening>) => {
    const one = happens.then((happening) => ({ happening, take: () => void awaited.delete(one) }));
    awaited.add(one);
  };
  let winner: Offer | undefined;

  try {
    for (const { first } of offers) standings.set(first, { is: "newest" });
    for (const { first } of offers) expect(scanOf(first, either));
    for (const each of offers) {
      await show(each.first);
      expect(renewalOf(each.first, each, clock, either));
    }
    for (;;) {
      const { happening, take } = await Promise.race(awaited);
      take();
      const { offer } = happening;
      switch (happening.what) {
        case "scanned":
          winner = offer;
          return happening;
        case "renewed": {
          const { successor, of } = happening;
          standings.set(successor, { is: "newest" });
          expect(scanOf(successor, either));
          await show(successor);
          standings.set(offer, { is: "replaced" });
          expect(renewalOf(successor, of, clock, either));
          break;
        }
        case "not_renewed":
          standings.set(offer, { is: "last", why: happening.why });
          break;
        case "ended": {
          const standing = standings.get(offer);
          if (!isExpiry(happening.why)) throw happening.why;
          if (standing?.is === "last") throw standing.why;
          if (standing?.is !== "replaced") throw happening.why;
        }
      }
    }
  } finally {
    stop.abort();
    // One that was being made must not be left behind.
    const leftOver = await Promise.all(awaited);
    const unseen = leftOver.flatMap(({ happening }) =>
      happening.what === "renewed" ? [happening.successor] : [],
    );
    const losers = [...standings.keys(), ...unseen].filter((offer) => offer !== winner);
    await deleteSessions(
      losers.map(({ insecure }) => insecure.session),
      clock,
    );
  }
}

async function scanOf(offer: Offer, signal: AbortSignal): Promise<Happening> {
  try {
    const initiated = await receiveScan(offer.insecure, offer.channel, signal);
    return { what: "scanned", offer, initiated };
  } catch (why) {
    return { what: "ended", offer, why };
  }
}

async function renewalOf(offer: Offer, of: Offers, clock: Clock, signal: AbortSignal): Promise<Happening> {
  try {
    await clock.sleep((offer.insecure.session.expiresAt - clock.now()) / 2, signal);
    return { what: "renewed", offer, successor: await of.next(signal), of };
  } catch (why) {
    return { what: "not_renewed", offer, why };
  }
}

function isExpiry(why: unknown): boolean {
  return why instanceof Failure && why.code === "rendezvous_expired";
}
