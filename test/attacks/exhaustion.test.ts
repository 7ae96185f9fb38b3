import { describe, expect, it } from "vitest";
import { createSignInHomeserver } from "../../src/homeserver/sign-in-homeserver.js";
import { retryAfterMs } from "../../src/network/retry-after.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { OfferedChannel } from "../../src/protocol/channel.js";
import { msc4388Messages } from "../../src/protocol/messages.js";
import type { RendezvousSession } from "../../src/protocol/rendezvous-session.js";
import type { Offer } from "../../src/sign-in/offer.js";
import { waitForScan } from "../../src/sign-in/offers-on-show.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp } from "../support/fake-http.js";
import { OAUTH_ROUTES } from "../support/oauth-homeserver.js";

/** Servers that would have this program ask without a pause, or wait for ever. */

const { signal } = new AbortController();
const DEVICE = "POST https://auth.example/device";

describe("a device authorization", () => {
  const start = async (change: object) => {
    const http = new FakeHttp(OAUTH_ROUTES).on(DEVICE, {
      json: { ...OAUTH_ROUTES[DEVICE].json, ...change },
    });
    const network = { http, urlPolicy: createUrlPolicy([]), clock: new FakeClock() };
    const homeserver = createSignInHomeserver({
      ...network,
      baseUrl: new URL("https://hs.example"),
      clientName: "bot",
    });
    return homeserver.startDeviceAuthorization("ABCDEFGHIJ", signal);
  };

  it("a device authorization is polled once a second at most, and once a minute at least", async () => {
    expect((await start({ interval: 0.0001 })).intervalMs).toBe(1_000);
    expect((await start({ interval: 5 })).intervalMs).toBe(5_000);
    expect((await start({ interval: 86_400 })).intervalMs).toBe(60_000);
  });

  it("is waited for no longer than a day", async () => {
    expect((await start({ expires_in: 1e12 })).expiresAt).toBe(24 * 60 * 60 * 1_000);
  });
});

it("a server that asks for a long pause gets a minute", () => {
  const asked = (json: object, header?: string) =>
    retryAfterMs({ json, header: (name) => (name === "retry-after" ? header : undefined) }, new FakeClock());
  expect(asked({ retry_after_ms: 1e15 })).toBe(60_000);
  expect(asked({}, "99999999999")).toBe(60_000);
  expect(asked({}, "Fri, 31 Dec 9999 23:59:59 GMT")).toBe(60_000);
  expect(asked({ retry_after_ms: 1_500 })).toBe(1_500);
});

it("a rendezvous session that lives for a moment is renewed once a second at most", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  let made = 0;
  const offer = (): Offer => {
    made += 1;
    const session: RendezvousSession = {
      channel: "msc4388",
      expiresAt: clock.now() + 10,
      additionalData: new Uint8Array(),
      write: async () => ({ written: true }),
      // It never says that it has expired.
      waitForChange: (_pace, waiting) =>
        new Promise((_, reject) => {
          waiting.addEventListener("abort", () => reject(waiting.reason), { once: true });
        }),
      waitUntilGone: async () => undefined,
      delete: async () => undefined,
    };
    const channel: OfferedChannel = {
      publicKey: new Uint8Array(32),
      receiveLoginInitiate: () => Promise.reject(new Error("Nobody scans it.")),
    };
    return { insecure: { session, clock, messages: msc4388Messages }, channel, payload: new Uint8Array() };
  };
  const source = { version: "msc4388", first: offer(), next: async () => offer() } as const;
  const waiting = waitForScan([source], async () => undefined, clock, stop.signal);
  const ended = expect(waiting).rejects.toThrow("enough");
  await clock.advance(10_000);
  stop.abort(new Error("enough"));
  await ended;
  expect(made).toBeGreaterThan(5);
  expect(made).toBeLessThanOrEqual(11);
});
