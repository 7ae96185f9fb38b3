import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { withSessionLock } from "../../src/session/lock.js";
import { parseHandedIn } from "../../src/session/session-file.js";
import { type Refresh, SessionAccessTokens } from "../../src/session/session-tokens.js";
import type { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { fullSessionJson } from "../support/sessions.js";
import { refreshableSession, type TokenEndpoint } from "../support/token-endpoint.js";

const { signal } = new AbortController();

let store: SessionStore;
let path: string;
let endpoint: TokenEndpoint;
let open: (clock?: FakeClock, refresh?: Refresh) => SessionAccessTokens;

beforeEach(async () => {
  ({ store, path, endpoint, open } = await refreshableSession());
});

describe("ensureFreshFor", () => {
  it("refreshes when less time is left", async () => {
    const clock = new FakeClock();
    await clock.advance(121_000);
    await open(clock).ensureFreshFor(180_000, signal);
    expect((await store.read(path)).access_token).toEqual(new Secret("access-token-2"));
  });

  it("doesn't when enough is left, or when nothing says when the token expires", async () => {
    await open().ensureFreshFor(180_000, signal);
    await store.update(path, { expires_at: undefined });
    await open().ensureFreshFor(180_000, signal);
    expect(endpoint.asked).toEqual([]);
  });

  it("doesn't when exactly that is left, and waits for nobody to find that out", async () => {
    const clock = new FakeClock();
    await clock.advance(120_000);
    await withSessionLock(path, clock, signal, () => open(clock).ensureFreshFor(180_000, signal));
    expect(endpoint.asked).toEqual([]);
  });

  it("leaves a token alone that can't be refreshed", async () => {
    await store.update(path, { oauth: undefined });
    await open().ensureFreshFor(600_000, signal);
    expect(endpoint.asked).toEqual([]);
  });
});

describe("a refresh whose answer was lost", () => {
  const lose = async (clock: FakeClock) => {
    await clock.advance(121_000);
    endpoint.answerIsLost = true;
    await expectFailure("network_error", () => open(clock).ensureFreshFor(180_000, signal));
    endpoint.answerIsLost = false;
  };

  it("is tried again within 10 s in all, and for no longer", async () => {
    const clock = new FakeClock();
    await lose(clock);
    expect((await store.read(path)).refresh_asked_at).toBe("2026-01-01T00:02:01.000Z");
    await clock.advance(7_000);
    await open(clock).ensureFreshFor(180_000, signal);
    expect(endpoint.asked).toEqual(["refresh-token-1", "refresh-token-1"]);
    expect(endpoint.triedFor).toEqual([10_000, 3_000]);
    const session = await store.read(path);
    expect(session.access_token?.reveal()).toBe("access-token-3");
    expect(session.refresh_asked_at).toBeUndefined();
  });

  it("is not tried again later, as long as the access token is good", async () => {
    const clock = new FakeClock();
    await lose(clock);
    await clock.advance(10_000);
    await open(clock).ensureFreshFor(180_000, signal);
    expect(endpoint.asked).toHaveLength(1);
  });

  it("is tried again once the access token has expired, or is rejected: there is nothing to lose", async () => {
    const clock = new FakeClock();
    await lose(clock);
    await clock.advance(60_000);
    endpoint.answerIsLost = true;
    await expectFailure("network_error", () => open(clock).renew(new Secret("access-token-1"), signal));
    endpoint.answerIsLost = false;
    await clock.advance(600_000);
    await open(clock).ensureFreshFor(180_000, signal);
    expect(endpoint.asked).toEqual(["refresh-token-1", "refresh-token-1", "refresh-token-1"]);
    expect(endpoint.triedFor).toEqual([10_000, 10_000, 10_000]);
  });

  it("is tried for 10 s more from the moment on at which the first are over, if there is nothing to lose", async () => {
    const clock = new FakeClock();
    await lose(clock);
    await clock.advance(10_000);
    await open(clock).renew(new Secret("access-token-1"), signal);
    expect(endpoint.triedFor).toEqual([10_000, 10_000]);
  });

  it("is tried again at the very time at which the access token expires", async () => {
    const clock = new FakeClock();
    await lose(clock);
    await clock.advance(179_000);
    await open(clock).ensureFreshFor(180_000, signal);
    expect(endpoint.asked).toHaveLength(2);
  });

  it("is not noted where the refresh token wasn't sent", async () => {
    const unreachable: Refresh = () => Promise.reject(new Failure("network_error"));
    await expectFailure("network_error", () =>
      open(new FakeClock(), unreachable).renew(new Secret("access-token-1"), signal),
    );
    expect((await store.read(path)).refresh_asked_at).toBeUndefined();
  });
});

describe("ensureGoodFor", () => {
  /** The access token lives until 00:05. */
  const at = async (minutes: number, ms: number) => {
    const clock = new FakeClock();
    await clock.advance(minutes * 60_000);
    await open(clock).ensureGoodFor(ms, signal);
    return (await store.read(path)).access_token?.reveal();
  };

  it("refreshes when less time is left", async () => {
    expect(await at(4.5, 60_000)).toBe("access-token-2");
  });

  it("doesn't when enough is left", async () => {
    expect(await at(3.5, 60_000)).toBe("access-token-1");
    expect(await at(4, 60_000)).toBe("access-token-1");
  });

  it("never does so in the first half of a token's life, however much is asked for", async () => {
    expect(await at(2.4, 3_600_000)).toBe("access-token-1");
    expect(await at(2.5, 3_600_000)).toBe("access-token-2");
  });

  it("goes by the lifetime that the homeserver gives", async () => {
    await store.update(path, { token_lifetime_ms: 3_600_000 });
    expect(await at(0, 310_000)).toBe("access-token-2");
  });

  it("takes five minutes for the lifetime where the file says nothing", async () => {
    await store.update(path, { token_lifetime_ms: undefined });
    expect(await at(2.4, 3_600_000)).toBe("access-token-1");
    expect(await at(2.5, 3_600_000)).toBe("access-token-2");
  });

  it("takes what was left at the import for the lifetime, where that is more", async () => {
    const hours = 3_600_000;
    const { token_lifetime_ms: _, ...portable } = {
      ...fullSessionJson(),
      expires_at: "2026-01-01T04:00:00Z",
    };
    await store.remove(path);
    const handedIn = parseHandedIn(JSON.stringify(portable), "file");
    await store.createFrom(path, handedIn, "complete", new FakeClock().date());
    expect(await at(119, 6 * hours)).toBe("access-token-1");
    expect(await at(121, 6 * hours)).toBe("access-token-2");
    expect((await store.read(path)).token_seen_at).toBeUndefined();
  });

  it("keeps a token that can't be refreshed as long as it lives, and not longer", async () => {
    await store.update(path, { refresh_token: undefined });
    expect(await at(4.9, 60_000)).toBe("access-token-1");
    const failure = await expectFailure("session_dead", () => at(5, 60_000));
    expect(failure.message).toContain("expired");
  });

  it("takes what another process has got meanwhile for good enough", async () => {
    const clock = new FakeClock();
    await clock.advance(290_000);
    // The lock is waited for while the other one works on real files.
    clock.sleep = (ms) => systemClock.sleep(ms);
    const both = [0, 1].map(() =>
      new SessionAccessTokens(store, path, endpoint.refresh, clock).ensureGoodFor(60_000, signal),
    );
    await Promise.all(both);
    expect(endpoint.asked).toEqual(["refresh-token-1"]);
  });
});
