import { readdir, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { type Refresh, SessionAccessTokens } from "../../src/session/session-tokens.js";
import type { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { fullSession } from "../support/sessions.js";
import { refreshableSession, type TokenEndpoint, tokens } from "../support/token-endpoint.js";

/** What another process may have written meanwhile. */
const THEIRS = { access_token: new Secret("theirs"), refresh_token: new Secret("refresh-token-theirs") };

const { signal } = new AbortController();

let store: SessionStore;
let path: string;
let endpoint: TokenEndpoint;
let open: (clock?: FakeClock, refresh?: Refresh) => SessionAccessTokens;

beforeEach(async () => {
  ({ store, path, endpoint, open } = await refreshableSession());
});

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

  it("give their room back where no answer comes", async () => {
    endpoint.answerIsLost = true;
    await expectFailure("network_error", () => open().renew(new Secret("access-token-1"), signal));
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
      const { message } = await expectFailure("session_dead", () =>
        open().renew(new Secret("access-token-1"), signal),
      );
      expect(message).toBe(new Failure("session_dead").message);
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

describe("refreshNow", () => {
  it("refreshes however long the access token is good, unless another process just has", async () => {
    await open().refreshNow(new Secret("access-token-1"), signal);
    await open().refreshNow(new Secret("access-token-1"), signal);
    expect(endpoint.asked).toEqual(["refresh-token-1"]);
  });

  it.each([
    ["until 2026-01-01T00:05:00Z;", "2026-01-01T00:05:00Z"],
    ["until the homeserver accepts it no longer;", undefined],
  ])("refuses what could end a session whose access token is good %s", async (end, expires_at) => {
    const refresh_asked_at = "2025-12-31T23:59:50.000Z";
    await store.update(path, { expires_at, refresh_asked_at });
    const { hint } = await expectFailure("refresh_unanswered", () =>
      open().refreshNow(new Secret("access-token-1"), signal),
    );
    expect(hint).toContain(end);
    expect(endpoint.asked).toEqual([]);
  });
});
