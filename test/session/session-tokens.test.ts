import { readdir, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import type { Tokens } from "../../src/protocol/homeserver.js";
import { parseHandedIn } from "../../src/session/session-file.js";
import { type Refresh, SessionAccessTokens } from "../../src/session/session-tokens.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { fullSession, fullSessionJson, temporaryDirectory } from "../support/sessions.js";

const { signal } = new AbortController();

/** A token endpoint that rotates: a refresh token is good once, or again if its answer was lost. */
class TokenEndpoint {
  readonly asked: string[] = [];
  answerIsLost = false;
  readonly #store: SessionStore;
  readonly #path: string;

  constructor(store: SessionStore, path: string) {
    this.#store = store;
    this.#path = path;
  }

  /** For how long each could be tried, in milliseconds. */
  readonly triedFor: number[] = [];

  readonly refresh: Refresh = async (refreshToken, clientId, issuer, _signal, beforeAsking) => {
    expect([clientId, issuer]).toEqual(["client-1", "https://auth.example.org/"]);
    expect((await this.#store.read(this.#path)).refresh_token).toEqual(refreshToken);
    this.triedFor.push(await beforeAsking());
    this.asked.push(refreshToken.reveal());
    if (this.answerIsLost) throw new Failure("network_error");
    return tokens(this.asked.length + 1);
  };
}

/** What another process may have written meanwhile. */
const THEIRS = { access_token: new Secret("theirs"), refresh_token: new Secret("refresh-token-theirs") };

const tokens = (number: number): Tokens => ({
  accessToken: new Secret(`access-token-${number}`),
  refreshToken: new Secret(`refresh-token-${number}`),
  expiresAt: "2026-01-01T01:00:00Z",
});

let store: SessionStore;
let path: string;
let endpoint: TokenEndpoint;

beforeEach(async () => {
  store = new SessionStore(await temporaryDirectory());
  path = store.pathOf("bot");
  endpoint = new TokenEndpoint(store, path);
  await store.create(path, { ...fullSession(), state: "complete" });
});

const open = (clock = new FakeClock(), refresh = endpoint.refresh) =>
  new SessionAccessTokens(store, path, refresh, clock);

describe("the access tokens of a session file", () => {
  it("are on disk before they are used", async () => {
    const access = open();
    expect(await access.current()).toEqual(new Secret("access-token-1"));
    expect(await access.renew(new Secret("access-token-1"), signal)).toEqual(new Secret("access-token-2"));
    expect(revealed(await store.read(path))).toMatchObject({
      access_token: "access-token-2",
      refresh_token: "refresh-token-2",
      expires_at: "2026-01-01T01:00:00Z",
    });
    expect(await access.current()).toEqual(new Secret("access-token-2"));
  });

  it("are refreshed once by two that renew at the same time", async () => {
    const renewals = [0, 1].map(() =>
      new SessionAccessTokens(store, path, endpoint.refresh, systemClock).renew(
        new Secret("access-token-1"),
        signal,
      ),
    );
    expect(await Promise.all(renewals)).toEqual([new Secret("access-token-2"), new Secret("access-token-2")]);
    expect(endpoint.asked).toEqual(["refresh-token-1"]);
  });

  it("are not refreshed when another process has done so already", async () => {
    await store.update(path, THEIRS);
    expect(await open().renew(new Secret("access-token-1"), signal)).toEqual(new Secret("theirs"));
    expect(endpoint.asked).toEqual([]);
  });

  it("are asked for with the same refresh token again after a lost answer, then never more", async () => {
    const access = open();
    endpoint.answerIsLost = true;
    await expectFailure("network_error", () => access.renew(new Secret("access-token-1"), signal));
    endpoint.answerIsLost = false;
    expect(await access.renew(new Secret("access-token-1"), signal)).toEqual(new Secret("access-token-3"));
    expect(await access.renew(new Secret("access-token-3"), signal)).toEqual(new Secret("access-token-4"));
    expect(endpoint.asked).toEqual(["refresh-token-1", "refresh-token-1", "refresh-token-3"]);
  });

  it("have their room on the disk before they are asked for", async () => {
    const reserved: number[] = [];
    const reserve = store.reserve.bind(store);
    store.reserve = async (file) => {
      reserved.push(endpoint.asked.length);
      return reserve(file);
    };
    await open().renew(new Secret("access-token-1"), signal);
    expect(reserved).toEqual([0]);
    expect(endpoint.asked).toHaveLength(1);
    expect(await readdir(store.directory)).toEqual(["bot.json"]);
  });

  it("are not asked for where the disk has no room for them", async () => {
    store.reserve = () => Promise.reject(new Failure("file_error"));
    await expectFailure("file_error", () => open().renew(new Secret("access-token-1"), signal));
    expect(endpoint.asked).toEqual([]);
    expect(revealed(await store.read(path))).toMatchObject({ refresh_token: "refresh-token-1" });
  });

  it("give way to another process's when this one was halted and lost its lock", async () => {
    const halted: Refresh = async () => {
      await store.update(path, THEIRS);
      return tokens(2);
    };
    expect(await open(new FakeClock(), halted).renew(new Secret("access-token-1"), signal)).toEqual(
      new Secret("theirs"),
    );
    expect(revealed(await store.read(path))).toMatchObject({ refresh_token: "refresh-token-theirs" });
  });

  it("are not asked for where another process has used the refresh token while this one was halted", async () => {
    let isSent = false;
    const halted: Refresh = async (_token, _client, _issuer, _signal, beforeAsking) => {
      await store.update(path, THEIRS);
      await beforeAsking();
      isSent = true;
      return tokens(2);
    };
    const renewed = await open(new FakeClock(), halted).renew(new Secret("access-token-1"), signal);
    expect([renewed.reveal(), isSent]).toEqual(["theirs", false]);
    const session = revealed(await store.read(path));
    expect(session).toMatchObject({ refresh_token: "refresh-token-theirs" });
    expect(session).not.toHaveProperty("refresh_asked_at");
  });

  it("are another process's, too, when that one made the refresh token of this one worthless", async () => {
    const late: Refresh = async () => {
      await store.update(path, {
        access_token: new Secret("theirs"),
        refresh_token: new Secret("refresh-token-theirs"),
      });
      throw new Failure("session_dead");
    };
    const renewed = await open(new FakeClock(), late).renew(new Secret("access-token-1"), signal);
    expect(renewed.reveal()).toBe("theirs");
  });

  it("keep the refresh token of a server that doesn't rotate it, and forget the old expiry", async () => {
    await open(new FakeClock(), async () => ({ accessToken: new Secret("access-token-2") })).renew(
      new Secret("access-token-1"),
      signal,
    );
    const session = await store.read(path);
    expect(session.refresh_token).toEqual(new Secret("refresh-token-1"));
    expect(session.expires_at).toBeUndefined();
  });

  it("can't be renewed without a refresh token, or without an OAuth client", async () => {
    for (const missing of ["refresh_token", "oauth"] as const) {
      await store.write(path, { ...fullSession(), state: "complete" });
      await store.update(path, { [missing]: undefined });
      await expectFailure("session_dead", () => open().renew(new Secret("access-token-1"), signal));
    }
  });

  it("tell nothing of the tokens when the file turns unusable", async () => {
    await writeFile(path, '{"access_token": "access-token-1');
    const failure = await expectFailure("session_invalid", () =>
      open().renew(new Secret("access-token-1"), signal),
    );
    expect(failure.stack).not.toContain("access-token-1");
  });
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
    // Files take real time, and so do those who wait for their lock.
    const clock: Clock = { ...systemClock, date: () => new Date("2026-01-01T00:04:50Z") };
    const both = [0, 1].map(() =>
      new SessionAccessTokens(store, path, endpoint.refresh, clock).ensureGoodFor(60_000, signal),
    );
    await Promise.all(both);
    expect(endpoint.asked).toEqual(["refresh-token-1"]);
  });
});
