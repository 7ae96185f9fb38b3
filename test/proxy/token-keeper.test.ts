import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import type { ProxyEvent } from "../../src/proxy/events.js";
import { TokenKeeper } from "../../src/proxy/token-keeper.js";
import type { StoredSession } from "../../src/session/session-file.js";
import { isInFirstHalf, isRefreshable, remainingMs } from "../../src/session/token-life.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { fullSession } from "../support/sessions.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let session: StoredSession;
let clock: FakeClock;
/** How long the tokens live that the homeserver grants; undefined where it doesn't say. */
let lifetimeMs: number | undefined;
/** Whether each token that it grants is another one. */
let grantsAnew: boolean;
/** Whether a refresh could end the session. */
let isRisky: boolean;
/** When it was asked for a token that is good. */
let lookedAt: number[];
/** What comes of a refresh instead of tokens. */
let failure: Failure | undefined;
/** When it was asked for new tokens. */
let refreshedAt: number[];
let reads: number;
let events: ProxyEvent[];
let stop: AbortController;
let keeper: TokenKeeper;

const token = (number: number) => new Secret(`access-token-${number}`);
const warnings = () => events.filter(({ event }) => event === "warning");

/** As `SessionAccessTokens` does it, without a file and its lock. */
async function refresh(): Promise<Secret> {
  refreshedAt.push(clock.now());
  if (failure) throw failure;
  const { expires_at: _, token_lifetime_ms: __, ...rest } = session;
  const access_token = token(grantsAnew ? refreshedAt.length + 1 : 1);
  const end = new Date(clock.date().getTime() + (lifetimeMs ?? 0)).toISOString();
  const life = lifetimeMs === undefined ? {} : { expires_at: end, token_lifetime_ms: lifetimeMs };
  session = { ...rest, access_token, ...life };
  return access_token;
}

/** A session whose first access token lives for five minutes. */
beforeEach(() => {
  session = { ...fullSession(), state: "complete" };
  clock = new FakeClock();
  lifetimeMs = 5 * MINUTE;
  grantsAnew = true;
  isRisky = false;
  lookedAt = [];
  failure = undefined;
  refreshedAt = [];
  reads = 0;
  events = [];
  stop = new AbortController();
  const read = async () => {
    reads++;
    return session;
  };
  const ensureGoodFor = async (ms: number) => {
    const now = clock.date();
    lookedAt.push(clock.now());
    if (remainingMs(session, now) >= ms || isRisky) return;
    if (isRefreshable(session) && !isInFirstHalf(session, now)) await refresh();
    else if (remainingMs(session, now) <= 0) throw new Failure("session_dead");
  };
  keeper = new TokenKeeper({
    ...{ store: { read }, path: "bot.json", clock, signal: stop.signal },
    accessTokens: { ensureGoodFor, renew: refresh },
    emit: (event) => events.push(event),
  });
});

describe("the access token", () => {
  it("is read once, and serves until it expires", async () => {
    expect(keeper.expiresAt).toBeUndefined();
    expect(await keeper.current()).toEqual(token(1));
    expect(keeper.expiresAt).toBe("2026-01-01T00:05:00.000Z");
    const before = reads;
    await clock.advance(5 * MINUTE - 1);
    expect(await keeper.current()).toEqual(token(1));
    expect(reads).toBe(before);
    await clock.advance(1);
    expect(await keeper.current()).toEqual(token(2));
    expect(events).toEqual([{ event: "refreshed", expires_at: "2026-01-01T00:10:00.000Z" }]);
  });

  it("that is due is renewed by the first who asks", async () => {
    await clock.advance(4 * MINUTE + 1);
    expect(await keeper.current()).toEqual(token(2));
  });

  it("is never expired where nobody knows when it does", async () => {
    lifetimeMs = undefined;
    await keeper.current();
    await keeper.renew(token(1));
    expect(keeper.expiresAt).toBeUndefined();
    expect(events).toStrictEqual([{ event: "refreshed" }]);
    await clock.advance(24 * HOUR);
    expect(await keeper.current()).toEqual(token(2));
  });

  it("that was rejected is renewed once for all who ask, and for those who come later", async () => {
    await keeper.current();
    const both = Promise.all([keeper.renew(token(1)), keeper.renew(token(1))]);
    expect(await clock.runUntil(both)).toEqual([token(2), token(2)]);
    expect(await keeper.renew(token(1))).toEqual(token(2));
    expect(refreshedAt).toHaveLength(1);
  });

  it("that was rejected while it was being read is renewed all the same", async () => {
    const looked = keeper.current();
    const renewed = keeper.renew(token(1));
    expect(await looked).toEqual(token(1));
    expect(await clock.runUntil(renewed)).toEqual(token(2));
  });

  it("that was rejected is another process's where that has renewed it: nothing is asked for", async () => {
    await keeper.current();
    session = { ...session, access_token: new Secret("theirs") };
    expect(await keeper.renew(token(1))).toEqual(new Secret("theirs"));
    expect(refreshedAt).toEqual([]);
    expect(events).toHaveLength(1);
  });

  it("that is granted again as it was is taken for the new one", async () => {
    await keeper.current();
    grantsAnew = false;
    expect(await keeper.renew(token(1))).toEqual(token(1));
    expect(refreshedAt).toHaveLength(1);
  });

  it("that was rejected as soon as it was granted isn't renewed for 5 s", async () => {
    await keeper.current();
    await keeper.renew(token(1));
    await clock.advance(4_999);
    await expectFailure("server_error", () => keeper.renew(token(2)));
    expect(refreshedAt).toHaveLength(1);
    await clock.advance(1);
    expect(await keeper.renew(token(2))).toEqual(token(3));
  });
});

describe("ahead of time, the access token is renewed", () => {
  /** When tokens are renewed in the first `ms` milliseconds. */
  async function renewals(ms: number): Promise<readonly number[]> {
    const kept = keeper.keepFresh();
    await clock.advance(ms);
    stop.abort();
    await kept;
    return refreshedAt;
  }

  it("a minute before it expires, once it is less than that", async () => {
    expect(await renewals(9 * MINUTE)).toEqual([4 * MINUTE + 1, 8 * MINUTE + 2]);
    expect(warnings()).toEqual([]);
  });

  it("at half of its life where that is later", async () => {
    lifetimeMs = 20_000;
    expect(await renewals(4 * MINUTE + 25_000)).toEqual([4 * MINUTE + 1, 250_002, 260_003]);
  });

  it("but not twice within a second, however short it lives", async () => {
    lifetimeMs = 10;
    expect(await renewals(4 * MINUTE + 2_500)).toEqual([4 * MINUTE + 1, 241_001, 242_001]);
  });

  it("not for now where that could end the session, which is looked at ever more rarely", async () => {
    await clock.advance(4 * MINUTE + 1);
    isRisky = true;
    const startedAt = clock.now();
    expect(await renewals(10_000)).toEqual([]);
    expect(lookedAt.map((at) => at - startedAt)).toEqual([0, 1_000, 3_000, 7_000]);
  });

  it("as often as is asked for by the file, which is looked into every hour", async () => {
    lifetimeMs = 24 * HOUR;
    await keeper.current();
    await keeper.renew(token(1));
    const kept = keeper.keepFresh();
    await clock.advance(HOUR - 1);
    const before = reads;
    await clock.advance(1);
    expect(reads).toBeGreaterThan(before);
    stop.abort();
    await kept;
    expect(refreshedAt).toHaveLength(1);
  });

  it("again after pauses that grow to 30 s where it can't be renewed, which is said once", async () => {
    await clock.advance(4 * MINUTE + 1);
    failure = new Failure("server_error");
    const startedAt = clock.now();
    const times = (await renewals(100_000)).map((at) => (at - startedAt) / 1_000);
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
    expect(warnings()).toEqual([
      {
        ...{ event: "warning", code: "refresh_failed" },
        message: `It is tried again: ${new Failure("server_error").message}`,
      },
    ]);
  });

  it("and what goes wrong after that is said once again", async () => {
    const kept = keeper.keepFresh();
    failure = new Failure("server_error");
    await clock.advance(4 * MINUTE + 500);
    failure = undefined;
    await clock.advance(1_000);
    expect(await keeper.current()).toEqual(token(3));
    failure = new Failure("server_error");
    await clock.advance(4 * MINUTE + 500);
    expect(warnings()).toHaveLength(2);
    stop.abort();
    await kept;
  });

  it("never where it can't be: that is looked at again when it has expired", async () => {
    const { refresh_token: _, ...unrefreshable } = session;
    session = unrefreshable;
    const kept = keeper.keepFresh();
    await clock.advance(5 * MINUTE - 1);
    expect(keeper.death).toBeUndefined();
    await clock.advance(1);
    expect(keeper.death?.code).toBe("session_dead");
    await kept;
    expect(warnings()).toEqual([]);
  });

  it("no more once it is told to end, whatever is under way", async () => {
    const kept = keeper.keepFresh();
    failure = new Failure("interrupted");
    void clock.sleep(4 * MINUTE).then(() => stop.abort());
    await clock.advance(4 * MINUTE + 1);
    await kept;
    expect(refreshedAt).toEqual([]);
  });
});

describe("a session", () => {
  it.each(["session_dead", "session_not_found", "session_replaced"] as const)(
    "is dead for good after %s, and nothing more is asked",
    async (code) => {
      failure = new Failure(code);
      await keeper.current();
      await expectFailure(code, () => keeper.renew(token(1)));
      expect((await keeper.died).code).toBe(code);
      failure = undefined;
      await expectFailure(code, () => keeper.current());
      await expectFailure(code, () => keeper.renew(token(1)));
      expect(refreshedAt).toHaveLength(1);
    },
  );

  it("isn't dead after what may pass", async () => {
    failure = new Failure("network_error");
    await keeper.current();
    await expectFailure("network_error", () => keeper.renew(token(1)));
    expect(keeper.death).toBeUndefined();
    expect(await keeper.current()).toEqual(token(1));
  });

  it("is dead once it was signed out on this machine, though its tokens are good", async () => {
    session = { ...session, state: "revocation_pending" };
    await expectFailure("session_dead", () => keeper.current());
    expect(keeper.death?.message).toContain("signed out");
  });

  it("is dead once it was signed out through the proxy, for that reason", async () => {
    await keeper.current();
    const kept = keeper.keepFresh();
    await clock.advance(0);
    keeper.end();
    await expectFailure("session_dead", () => keeper.current());
    await clock.advance(5 * MINUTE);
    await kept;
    expect((await keeper.died).message).toBe("The session was signed out through the proxy.");
    expect(refreshedAt).toEqual([]);
  });
});
