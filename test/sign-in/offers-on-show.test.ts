import { describe, expect, it } from "vitest";
import type { ChannelVersion } from "../../src/foundation/events.js";
import { Failure } from "../../src/foundation/failures.js";
import type { InitiatedChannel } from "../../src/protocol/channel.js";
import { msc4388Messages } from "../../src/protocol/messages.js";
import type { Received, RendezvousSession } from "../../src/protocol/rendezvous-session.js";
import type { Offer, OfferSource } from "../../src/sign-in/offer.js";
import { waitForScan } from "../../src/sign-in/offers-on-show.js";
import { FakeClock, settle } from "../support/fake-clock.js";

const LIFETIME_MS = 120_000;
const UNBOUND = new Uint8Array();

/** An offer whose session is run by hand. */
class FakeOffer implements Offer {
  readonly name: string;
  readonly payload = new Uint8Array();
  readonly insecure: Offer["insecure"];
  readonly channel: Offer["channel"];
  deleted = 0;
  #scan: (received: Received) => void = () => undefined;
  #end: (failure: Failure) => void = () => undefined;

  constructor(name: string, version: ChannelVersion, clock: FakeClock) {
    this.name = name;
    const session: RendezvousSession = {
      channel: version,
      expiresAt: clock.now() + LIFETIME_MS,
      additionalData: UNBOUND,
      write: async () => ({ written: true }),
      waitForChange: (_pace, signal) =>
        new Promise((resolve, reject) => {
          this.#scan = resolve;
          this.#end = reject;
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
      waitUntilGone: async () => undefined,
      delete: async () => {
        this.deleted++;
      },
    };
    this.insecure = { session, clock, messages: msc4388Messages };
    this.channel = {
      publicKey: new Uint8Array(32),
      receiveLoginInitiate: async (message) => {
        if (message !== "authentic") throw new Failure("message_not_authentic");
        return { sealLoginOk: () => Promise.reject(new Error("not needed here")) } satisfies InitiatedChannel;
      },
    };
  }

  scan(data = "authentic"): void {
    this.#scan({ data, sealedWith: [UNBOUND] });
  }

  end(code: "rendezvous_expired" | "rendezvous_gone"): void {
    this.#end(new Failure(code));
  }
}

/**
 * Two versions on show; what was made and shown of each.
 *
 * @param renewed what making a fresh code of a version waits for, or fails by
 * @param beingShown what showing a code waits for, or fails by
 */
function setUp(
  versions: readonly ChannelVersion[] = ["msc4388", "msc4108-2024"],
  renewed: (version: ChannelVersion) => Promise<void> = async () => undefined,
  beingShown: () => Promise<void> = async () => undefined,
) {
  const clock = new FakeClock();
  const made: FakeOffer[] = [];
  const shown: string[] = [];
  const make = (version: ChannelVersion) => {
    const offer = new FakeOffer(`${version}#${made.length}`, version, clock);
    made.push(offer);
    return offer;
  };
  const stop = new AbortController();
  const sources: OfferSource[] = versions.map((version) => ({
    version,
    first: make(version),
    next: async () => {
      await renewed(version);
      return make(version);
    },
  }));
  const show = async (offer: Offer) => {
    shown.push((offer as FakeOffer).name);
    await beingShown();
  };
  const scanned = waitForScan(sources, show, clock, stop.signal);
  scanned.catch(() => undefined);
  return { clock, made, shown, scanned, stop };
}

const noMore = () => Promise.reject(new Failure("network_error"));

function deferred() {
  let resolve = () => {};
  let reject = (_reason: unknown) => {};
  const promise = new Promise<void>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise, resolve, reject };
}

/** One version, whose code has expired while the next one is being made. */
async function expiredWhileRenewed() {
  const successor = deferred();
  const all = setUp(["msc4388"], () => successor.promise);
  await all.clock.advance(LIFETIME_MS / 2);
  all.made[0]?.end("rendezvous_expired");
  await settle();
  return { ...all, successor };
}

/** The offer that was scanned, once the others are out of the way. */
async function winnerOf(scanned: ReturnType<typeof waitForScan>) {
  const { offer, othersDeleted } = await scanned;
  await othersDeleted;
  return offer;
}

describe("several QR codes on show", () => {
  it("shows one of each version at once", async () => {
    const { shown } = setUp();
    await settle();
    expect(shown).toEqual(["msc4388#0", "msc4108-2024#1"]);
  });

  it("shows one after the other, and takes one that is scanned meanwhile", async () => {
    const firstIsDrawn = deferred();
    const { made, shown, scanned } = setUp(undefined, undefined, () => firstIsDrawn.promise);
    await settle();
    expect(shown).toEqual(["msc4388#0"]);
    made[0]?.scan();
    expect((await scanned).offer).toBe(made[0]);
  });

  it("fails as showing one does, and deletes them all", async () => {
    const { made, scanned } = setUp(undefined, undefined, () => Promise.reject(new Failure("file_error")));
    await expect(scanned).rejects.toMatchObject({ code: "file_error" });
    expect(made.map(({ deleted }) => deleted)).toEqual([1, 1]);
  });

  it("takes the first that is scanned, and deletes the others only", async () => {
    const { made, scanned } = setUp();
    await settle();
    made[1]?.scan();
    expect(await winnerOf(scanned)).toBe(made[1]);
    expect(made.map(({ deleted }) => deleted)).toEqual([1, 0]);
  });

  it("lets one win when two are scanned at the same moment", async () => {
    const { made, scanned } = setUp();
    await settle();
    made[0]?.scan();
    made[1]?.scan();
    expect(await winnerOf(scanned)).toBe(made[0]);
    expect(made.map(({ deleted }) => deleted)).toEqual([0, 1]);
  });

  it("shows a fresh code at half the life of one that nobody scanned", async () => {
    const { clock, shown } = setUp(["msc4388"]);
    await clock.advance(LIFETIME_MS / 2 - 1);
    expect(shown).toEqual(["msc4388#0"]);
    await clock.advance(1);
    expect(shown).toEqual(["msc4388#0", "msc4388#1"]);
    await clock.advance(LIFETIME_MS / 2);
    expect(shown).toEqual(["msc4388#0", "msc4388#1", "msc4388#2"]);
  });

  it("still takes the old code until it expires", async () => {
    const { clock, made, scanned } = setUp(["msc4388"]);
    await clock.advance(LIFETIME_MS / 2);
    made[0]?.scan();
    expect(await winnerOf(scanned)).toBe(made[0]);
    expect(made.map(({ deleted }) => deleted)).toEqual([0, 1]);
  });

  it("goes on with the fresh code when the old one expires", async () => {
    const { clock, made, scanned } = setUp(["msc4388"]);
    await clock.advance(LIFETIME_MS / 2);
    made[0]?.end("rendezvous_expired");
    await settle();
    made[1]?.scan();
    expect((await scanned).offer).toBe(made[1]);
  });

  it("keeps a code for as long as it lives when no fresh one can be made, and then says why", async () => {
    const { clock, made, scanned } = setUp(["msc4388"], noMore);
    await clock.advance(LIFETIME_MS - 1);
    made[0]?.end("rendezvous_expired");
    await expect(scanned).rejects.toMatchObject({ code: "network_error" });
  });

  it("still takes a code that could not be replaced", async () => {
    const { clock, made, scanned } = setUp(["msc4388"], noMore);
    await clock.advance(LIFETIME_MS - 1);
    made[0]?.scan();
    expect((await scanned).offer).toBe(made[0]);
  });

  it("fails when a session is gone before its time, and deletes them all", async () => {
    const { made, scanned } = setUp();
    await settle();
    made[0]?.end("rendezvous_gone");
    await expect(scanned).rejects.toMatchObject({ code: "rendezvous_gone" });
    expect(made.map(({ deleted }) => deleted)).toEqual([1, 1]);
  });

  it("fails when somebody writes who doesn't know the code's key, and answers nobody", async () => {
    const { made, scanned } = setUp();
    await settle();
    made[0]?.scan("forged");
    await expect(scanned).rejects.toMatchObject({ code: "message_not_authentic" });
    expect(made.map(({ deleted }) => deleted)).toEqual([1, 1]);
  });

  it("deletes every session when it is stopped", async () => {
    const { clock, made, scanned, stop } = setUp();
    await clock.advance(LIFETIME_MS / 2);
    stop.abort(new Failure("interrupted"));
    await expect(scanned).rejects.toMatchObject({ code: "interrupted" });
    expect(made.map(({ deleted }) => deleted)).toEqual([1, 1, 1, 1]);
  });

  it("goes on with the other version where one has no more codes", async () => {
    const { clock, made, scanned } = setUp(undefined, async (version) =>
      version === "msc4388" ? noMore() : undefined,
    );
    await clock.advance(LIFETIME_MS - 1);
    made[0]?.end("rendezvous_expired");
    await settle();
    made[1]?.scan();
    expect(await winnerOf(scanned)).toBe(made[1]);
  });

  it("says why there is no other code once no version has one any more", async () => {
    const { clock, made, scanned } = setUp(undefined, noMore);
    await clock.advance(LIFETIME_MS - 1);
    made[0]?.end("rendezvous_expired");
    await settle();
    made[1]?.end("rendezvous_expired");
    await expect(scanned).rejects.toMatchObject({ code: "network_error" });
  });

  it("fails when the newest code expires before half of its life is over", async () => {
    const { made, scanned } = setUp();
    await settle();
    made[0]?.end("rendezvous_expired");
    await expect(scanned).rejects.toMatchObject({ code: "rendezvous_expired" });
    expect(made.map(({ deleted }) => deleted)).toEqual([1, 1]);
  });

  it("fails when the only code there will be is gone before its time", async () => {
    const { clock, made, scanned } = setUp(["msc4388"], noMore);
    await clock.advance(LIFETIME_MS / 2);
    made[0]?.end("rendezvous_gone");
    await expect(scanned).rejects.toMatchObject({ code: "rendezvous_gone" });
  });

  it("waits for the code that is being made when the old one expires", async () => {
    const { made, scanned, successor } = await expiredWhileRenewed();
    successor.resolve();
    await settle();
    made[1]?.scan();
    expect(await winnerOf(scanned)).toBe(made[1]);
  });

  it("says why there is no other code when the old one expired while one was being made", async () => {
    const { scanned, successor } = await expiredWhileRenewed();
    successor.reject(new Failure("server_error"));
    await expect(scanned).rejects.toMatchObject({ code: "server_error" });
  });

  it("deletes one that was being made when another was scanned", async () => {
    const successor = deferred();
    const { clock, made, scanned } = setUp(["msc4388"], () => successor.promise);
    await clock.advance(LIFETIME_MS / 2);
    made[0]?.scan();
    const { offer, othersDeleted } = await scanned;
    successor.resolve();
    await othersDeleted;
    expect(offer).toBe(made[0]);
    expect(made.map(({ deleted }) => deleted)).toEqual([0, 1]);
  });
});
