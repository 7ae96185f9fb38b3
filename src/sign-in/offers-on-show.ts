import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { InitiatedChannel } from "../protocol/channel.js";
import { receiveScan } from "../protocol/establishment.js";
import { deleteSessions } from "./delete-sessions.js";
import type { Offer, OfferSource } from "./offer.js";

/** No server can have codes renewed more often, however short it says that a session lives. */
const LEAST_ON_SHOW_MS = 1_000;

/** An offer that was scanned, by a device that knows the key of its QR code. */
export interface ScannedOffer {
  readonly offer: Offer;
  readonly initiated: InitiatedChannel;
  /** Resolves once the other offers' sessions are deleted, as far as that can be done in a short time. */
  readonly othersDeleted: Promise<void>;
}

/**
 * What an offer on show is, which decides what its expiry means:
 *
 * | standing   | becomes                                          | when it expires, the wait                   |
 * | ---------- | ------------------------------------------------ | ------------------------------------------- |
 * | `newest`   | `renewing` when half of its life is over         | ends: `rendezvous_expired`                  |
 * | `renewing` | `replaced` once its successor is on show,        | goes on until it is one of the other two    |
 * |            | `last` once none can be made                     |                                             |
 * | `replaced` |                                                  | goes on: its successor is there             |
 * | `last`     |                                                  | goes on with the other version's code, else |
 * |            |                                                  | ends with why there was no successor        |
 *
 * In each of them a scan wins, and any other end of the session ends the wait.
 */
type Standing =
  | { readonly is: "newest" | "replaced" }
  | { readonly is: "renewing"; readonly isExpired: boolean }
  | { readonly is: "last"; readonly why: unknown };

/** What happens to an offer on show. */
type Happening =
  | { readonly what: "scanned"; readonly offer: Offer; readonly initiated: InitiatedChannel }
  | { readonly what: "ended"; readonly offer: Offer; readonly why: unknown }
  | { readonly what: "shown" | "half_over"; readonly offer: Offer }
  | { readonly what: "renewed"; readonly offer: Offer; readonly successor: Offer }
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
  sources: readonly OfferSource[],
  show: (offer: Offer) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<ScannedOffer> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const happenings = new Happenings();
  const standings = new Map<Offer, Standing>();
  const sourceOf = new Map<Offer, OfferSource>();
  let showing = Promise.resolve();

  /** One is shown after the other, while what happens to those on show is looked at. */
  const putOnShow = (offer: Offer, source: OfferSource) => {
    standings.set(offer, { is: "newest" });
    sourceOf.set(offer, source);
    happenings.expect(scanOf(offer, either));
    showing = showing.then(() => show(offer));
    happenings.expect(outcomeOf(showing, { what: "shown", offer }));
  };

  /** @throws why there is nothing more to wait for */
  const apply = (happening: Exclude<Happening, { what: "scanned" }>): void => {
    const { offer } = happening;
    const standing = standings.get(offer);
    switch (happening.what) {
      case "shown": {
        const half = Math.max((offer.insecure.session.expiresAt - clock.now()) / 2, LEAST_ON_SHOW_MS);
        happenings.expect(outcomeOf(clock.sleep(half, either), { what: "half_over", offer }));
        return;
      }
      case "half_over": {
        standings.set(offer, { is: "renewing", isExpired: false });
        const source = sourceOf.get(offer);
        if (source) happenings.expect(renewalOf(offer, source, either));
        return;
      }
      case "renewed": {
        const source = sourceOf.get(offer);
        if (source) putOnShow(happening.successor, source);
        standings.set(offer, { is: "replaced" });
        return;
      }
      case "not_renewed":
        standings.set(offer, { is: "last", why: happening.why });
        if (standing?.is === "renewing" && standing.isExpired) expire(offer, happening.why);
        return;
      case "ended":
        if (!isExpiry(happening.why)) throw happening.why;
        if (standing?.is === "renewing") standings.set(offer, { is: "renewing", isExpired: true });
        else if (standing?.is === "last") expire(offer, standing.why);
        else if (standing?.is !== "replaced") throw happening.why;
    }
  };

  /** There are no more codes of this version. */
  const expire = (offer: Offer, why: unknown): void => {
    standings.set(offer, { is: "replaced" });
    if ([...standings.values()].every(({ is }) => is === "replaced")) throw why;
  };

  const deleteAllBut = async (winner: Offer | undefined): Promise<void> => {
    stop.abort();
    // One that was being made must not be left behind.
    const leftOver = await happenings.settled();
    const unseen = leftOver.flatMap((each) => (each.what === "renewed" ? [each.successor] : []));
    const losers = [...standings.keys(), ...unseen].filter((offer) => offer !== winner);
    await deleteSessions(
      losers.map(({ insecure }) => insecure.session),
      clock,
    );
  };

  for (const source of sources) putOnShow(source.first, source);
  try {
    for (;;) {
      const happening = await happenings.next();
      if (happening.what === "scanned") {
        const { offer, initiated } = happening;
        return { offer, initiated, othersDeleted: deleteAllBut(offer) };
      }
      apply(happening);
    }
  } catch (thrown) {
    await deleteAllBut(undefined);
    throw thrown;
  }
}

/** What has happened and was not looked at yet, in its order. */
class Happenings {
  readonly #arrived: Happening[] = [];
  readonly #awaited = new Set<Promise<void>>();
  #wake: () => void = () => undefined;

  expect(happens: Promise<Happening>): void {
    const one = happens.then((happening) => {
      this.#arrived.push(happening);
      this.#awaited.delete(one);
      this.#wake();
    });
    this.#awaited.add(one);
  }

  async next(): Promise<Happening> {
    for (;;) {
      const happening = this.#arrived.shift();
      if (happening) return happening;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All that nobody has looked at, once nothing more is to come. */
  async settled(): Promise<readonly Happening[]> {
    await Promise.all(this.#awaited);
    return this.#arrived;
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

async function renewalOf(offer: Offer, source: OfferSource, signal: AbortSignal): Promise<Happening> {
  try {
    return { what: "renewed", offer, successor: await source.next(signal) };
  } catch (why) {
    return { what: "not_renewed", offer, why };
  }
}

/** What is to happen once some work is done; a failure of it ends the wait. */
async function outcomeOf(
  work: Promise<void>,
  then: { readonly what: "shown" | "half_over"; readonly offer: Offer },
): Promise<Happening> {
  try {
    await work;
    return then;
  } catch (why) {
    return { what: "ended", offer: then.offer, why };
  }
}

function isExpiry(why: unknown): boolean {
  return why instanceof Failure && why.code === "rendezvous_expired";
}
