import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { goodAccessToken, refreshSession } from "../../src/session/access-token.js";
import { type Refresh, SessionAccessTokens } from "../../src/session/session-tokens.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { fakeAccount } from "../support/fake-account.js";
import { FakeClock } from "../support/fake-clock.js";
import { fullSession, publishedKeys, temporaryDirectory, USER } from "../support/sessions.js";

const { signal } = new AbortController();
let store: SessionStore;
let path: string;
let refreshes: number;

beforeEach(async () => {
  store = new SessionStore(await temporaryDirectory());
  path = store.pathOf("bot");
  refreshes = 0;
  await store.create(path, { ...fullSession(), state: "complete" });
});

const refresh: Refresh = async () => {
  refreshes++;
  return { accessToken: new Secret("new"), expiresAt: "2026-01-01T00:10:00Z", lifetimeMs: 300_000 };
};

/** The homeserver has a session's tokens, of which the test may say that it no longer knows one. */
function connected(clock: FakeClock, whoami = async () => ({ userId: USER }), hasOAuth = true) {
  const accessTokens = new SessionAccessTokens(store, path, refresh, clock);
  const offersOAuth = async () => hasOAuth;
  return { accessTokens, offersOAuth, homeserver: fakeAccount(publishedKeys(fullSession()), { whoami }) };
}

const good = (
  ms: number,
  clock = new FakeClock(),
  whoami?: () => Promise<{ userId: string }>,
  hasOAuth?: boolean,
) => goodAccessToken(store, path, connected(clock, whoami, hasOAuth), ms, clock, signal);

describe("an access token that is asked for", () => {
  it("is the one that is there where that is good for long enough", async () => {
    const { session, shortfall } = await good(60_000);
    expect(session.access_token.reveal()).toBe("access-token-1");
    expect(shortfall).toBeUndefined();
  });

  it("is taken at its word where it says when it expires: nobody is asked, and the very time is enough", async () => {
    const away = () => Promise.reject(new Failure("network_error"));
    const { session, shortfall } = await good(300_000, new FakeClock(), away);
    expect(session.access_token.reveal()).toBe("access-token-1");
    expect(shortfall).toBeUndefined();
  });

  it("is a new one where that is not good for long enough", async () => {
    const clock = new FakeClock();
    await clock.advance(270_000);
    const { session, shortfall } = await good(60_000, clock);
    expect(session.access_token.reveal()).toBe("new");
    expect([shortfall, refreshes]).toEqual([undefined, 1]);
  });

  it("comes with how long it is good, where more was asked for than the homeserver gives", async () => {
    const { session, shortfall } = await good(3_600_000);
    expect(session.access_token.reveal()).toBe("access-token-1");
    expect(shortfall).toBe(
      "This access token is good for 300 s, not for 3600 s; the homeserver's live for 300 s.",
    );
    expect(refreshes).toBe(0);
  });

  it("comes with how long it is good, where it can't be refreshed", async () => {
    await store.update(path, { refresh_token: undefined, token_lifetime_ms: 3_600_000 });
    const clock = new FakeClock();
    await clock.advance(270_000);
    expect((await good(60_000, clock)).shortfall).toBe("This access token is good for 30 s, not for 60 s.");
  });

  it("is asked about where nobody knows when it expires", async () => {
    await store.update(path, { expires_at: undefined });
    const { shortfall } = await good(60_000);
    expect(shortfall).toContain("Nobody knows how long");
    const dead = () => Promise.reject(new Failure("session_dead"));
    await expectFailure("session_dead", () => good(60_000, new FakeClock(), dead));
    await expectFailure("unexpected_user", () =>
      good(60_000, new FakeClock(), async () => ({ userId: "@other:example.org" })),
    );
  });

  it("is asked about after a refresh that got no answer, which may have ended it", async () => {
    const clock = new FakeClock();
    await store.update(path, { refresh_asked_at: clock.date().toISOString() });
    let asked = 0;
    const whoami = async () => {
      asked++;
      return { userId: USER };
    };
    const { session, shortfall } = await good(60_000, clock, whoami);
    expect([session.access_token.reveal(), shortfall, asked]).toEqual(["access-token-1", undefined, 1]);
    await store.update(path, { refresh_asked_at: undefined });
    await good(60_000, clock, whoami);
    expect(asked).toBe(1);
  });

  it("lasts where the homeserver has no OAuth and nothing says when it expires, and else nobody knows", async () => {
    await store.update(path, { expires_at: undefined, oauth: undefined, refresh_token: undefined });
    const clock = new FakeClock();
    expect((await good(60_000, clock, undefined, false)).shortfall).toBeUndefined();
    expect((await good(60_000, clock, undefined, true)).shortfall).toContain("Nobody knows how long");
  });

  it("has no lifetime that is told as the homeserver's where that hasn't said it", async () => {
    await store.update(path, { token_lifetime_ms: undefined });
    expect((await good(3_600_000)).shortfall).toBe("This access token is good for 300 s, not for 3600 s.");
  });

  it("is not had of a sign-in that never finished, nor after a logout", async () => {
    await store.update(path, { state: "incomplete" });
    await expectFailure("session_incomplete", () => good(60_000));
    await store.update(path, { state: "revocation_pending" });
    await expectFailure("session_dead", () => good(60_000));
  });
});

describe("refreshSession", () => {
  const refreshNow = () => refreshSession(store, path, connected(new FakeClock()), signal);

  it("refreshes however long the token would still be good", async () => {
    const session = await refreshNow();
    expect(session.access_token.reveal()).toBe("new");
    expect(session).toMatchObject({ expires_at: "2026-01-01T00:10:00Z", token_lifetime_ms: 300_000 });
  });

  it("leaves a session alone that it could end: its refresh token was sent, no answer came, and its token is good", async () => {
    await store.update(path, { refresh_asked_at: "2026-01-01T00:00:00Z" });
    const clock = new FakeClock();
    await clock.advance(10_000);
    const again = () => refreshSession(store, path, connected(clock), signal);
    const failure = await expectFailure("refresh_unanswered", again);
    expect(failure.hint).toContain("until 2026-01-01T00:05:00Z");
    expect(refreshes).toBe(0);
    await clock.advance(300_000);
    expect((await again()).access_token.reveal()).toBe("new");
  });

  it("says so where there is nothing to refresh with, which doesn't make the session dead", async () => {
    await store.update(path, { refresh_token: undefined });
    const failure = await expectFailure("session_not_refreshable", refreshNow);
    expect(failure.kind).toBe("local");
  });
});
