import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import type { ListenAddress } from "../../src/proxy/listen-address.js";
import { expectFailure } from "../support/failures.js";
import { nextConnection } from "../support/local-server.js";
import { proxyServer } from "../support/proxy-server.js";
import { temporaryDirectory } from "../support/sessions.js";

const SYNC = "GET /_matrix/client/v3/sync";
const VERSIONS = "GET /_matrix/client/versions";
const HEALTH = "GET /_matrix-qr-login/health";
const LOGOUT = "POST /_matrix/client/v3/logout";

const upstream = {
  isReachable: false,
  nextPauseMs: () => 1_000,
  send: () => Promise.reject(new Error("nobody should ask this")),
};

/** Containers often have no IPv6. */
const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ family }) => family === "IPv6"),
);
const IPV6: [string, string, boolean][] = hasIpv6
  ? [
      ["::", "127.0.0.1", false],
      ["::1", "[::1]", true],
    ]
  : [];

/** A keeper of no token. */
const keeperWith = (changes: { readonly death?: Failure; readonly expiresAt?: string }) => ({
  current: async () => new Secret("real-1"),
  renew: async () => new Secret("real-2"),
  death: changes.death,
  expiresAt: changes.expiresAt,
});

describe("where it listens", () => {
  it("is told as programs reach it", async () => {
    const { baseUrl, isLocal } = await proxyServer();
    expect([baseUrl.hostname, isLocal]).toEqual(["127.0.0.1", true]);
  });

  it.each<[string, string, boolean]>([["0.0.0.0", "127.0.0.1", false], ...IPV6])(
    "%s is reached at %s",
    async (host, reached, local) => {
      const { baseUrl, isLocal, asStranger } = await proxyServer([], {}, { host, port: 0 });
      expect([baseUrl.hostname, isLocal]).toEqual([reached, local]);
      expect((await asStranger("GET /.well-known/matrix/client")).body).toEqual({
        "m.homeserver": { base_url: baseUrl.origin },
      });
    },
  );

  it("may be asked for by any name only where it is more than this machine", async () => {
    const asked = (port: string) => [
      "GET /.well-known/matrix/client HTTP/1.1",
      `Host: bots.example.org:${port}`,
      ...["Connection: close", "", ""],
    ];
    const local = await proxyServer();
    expect(await local.raw(asked(local.baseUrl.port))).toMatch(/^HTTP\/1\.1 403 /);
    const wide = await proxyServer([], {}, { host: "0.0.0.0", port: 0 });
    expect(await wide.raw(asked(wide.baseUrl.port))).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each<[string, (port: number) => ListenAddress, string]>([
    ["EADDRINUSE", (port) => ({ host: "127.0.0.1", port }), "another program listens there already"],
    ["EADDRNOTAVAIL", () => ({ host: "192.0.2.1", port: 0 }), "this machine doesn't have that address"],
    ["no socket", () => ({ fd: 1_000_000 }), "the system doesn't allow it"],
  ])("may be where it can't, which is said: %s", async (_what, address, why) => {
    const { port } = (await proxyServer()).baseUrl;
    const failure = await expectFailure("address_unavailable", () =>
      proxyServer([], {}, address(Number(port))),
    );
    expect(failure.message).toMatch(/^Can't listen/);
    expect(failure.message).toContain(`: ${why} (`);
    expect(failure.cause).toBeInstanceOf(Error);
  });

  it("is a TCP socket", async () => {
    const path = join(await temporaryDirectory(), "socket");
    const failure = await expectFailure("address_unavailable", () =>
      proxyServer([], {}, { path } as unknown as ListenAddress),
    );
    expect(failure.message).toContain("isn't a TCP socket");
  });
});

describe("a stranger", () => {
  it.each([
    ["without a token", undefined, "M_MISSING_TOKEN", "The proxy's access token is missing."],
    ["with another token", "mqlp_other", "M_UNKNOWN_TOKEN", "That is not the proxy's access token."],
  ])("%s is answered a second late, and nothing else", async (_what, token, errcode, error) => {
    const { asStranger, sent, waits, strangersWaits } = await proxyServer();
    const reply = await asStranger(SYNC, token === undefined ? {} : { token });
    expect([reply.status, reply.body]).toEqual([401, { errcode, error }]);
    expect([sent, waits, strangersWaits]).toEqual([[], [], [1_000]]);
  });

  it("learns what programs ask first, at once", async () => {
    const { asStranger, sent, strangersWaits } = await proxyServer();
    expect((await asStranger(VERSIONS)).body).toEqual({ versions: ["v1.11"] });
    expect((await asStranger("GET /_matrix/client/v3/login")).body).toEqual({ flows: [] });
    expect([sent, strangersWaits]).toEqual([[], []]);
  });

  it("with a wrong token learns no versions", async () => {
    const { asStranger } = await proxyServer();
    expect((await asStranger(VERSIONS, { token: "mqlp_other" })).status).toBe(401);
  });

  it("is told to come again where the versions aren't known yet", async () => {
    const { asStranger } = await proxyServer([], { versions: { answer: async () => undefined } });
    const reply = await asStranger(VERSIONS);
    expect([reply.status, reply.body]).toEqual([
      502,
      { errcode: "M_UNKNOWN", error: "The homeserver hasn't been reached yet.", retry_after_ms: 1_000 },
    ]);
  });
});

it("asks the homeserver itself for the versions, for whoever has the token", async () => {
  const { ask, sent } = await proxyServer();
  expect((await ask(VERSIONS)).body).toEqual({});
  expect(sent).toMatchObject([{ target: "/_matrix/client/versions", token: "real-1" }]);
});

it.each([
  ["POST /_matrix/client/v3/login", 403, "M_FORBIDDEN", /signed in already/],
  ["GET /_synapse/admin/v1/users", 404, "M_UNRECOGNIZED", /hands on/],
  ["PROPFIND /_matrix/client/v3/sync", 405, "M_UNRECOGNIZED", /method/],
])("refuses %s, whoever asks, and nobody sees it", async (request, status, errcode, error) => {
  const { ask, sent } = await proxyServer();
  const reply = await ask(request);
  expect([reply.status, reply.body]).toEqual([status, { errcode, error: expect.stringMatching(error) }]);
  expect(sent).toEqual([]);
});

describe("a connection", () => {
  /** A homeserver that doesn't answer until nobody waits any more. */
  function silent() {
    const heard = { asked: () => {}, given: () => {} };
    const asked = new Promise<void>((resolve) => {
      heard.asked = resolve;
    });
    const givenUp = new Promise<void>((resolve) => {
      heard.given = resolve;
    });
    const send = ({ signal }: { readonly signal: AbortSignal }) => {
      heard.asked();
      return new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          heard.given();
          reject(signal.reason);
        });
      });
    };
    return { asked, givenUp, upstream: { ...upstream, send } };
  }

  it("that the program ends ends the request", async () => {
    const { asked, givenUp, upstream } = silent();
    const { baseUrl } = await proxyServer([], { upstream });
    const program = new AbortController();
    const headers = { authorization: "Bearer mqlp_local" };
    const reply = fetch(new URL("/_matrix/client/v3/sync", baseUrl), { headers, signal: program.signal });
    await asked;
    program.abort();
    await expect(reply).rejects.toThrow();
    await givenUp;
  });

  it("ends with the proxy, whatever is waited for, and there is no other", async () => {
    const { asked, givenUp, upstream } = silent();
    const { ask, server } = await proxyServer([], { upstream });
    const reply = expect(ask(SYNC)).rejects.toThrow("fetch failed");
    await asked;
    await server.close();
    await Promise.all([reply, givenUp]);
    await expect(ask(SYNC)).rejects.toThrow("fetch failed");
  });

  it("is broken off by what is a bug, rather than answered", async () => {
    const { ask, sent } = await proxyServer([new RangeError("a bug")]);
    await expect(ask(SYNC)).rejects.toThrow("fetch failed");
    expect(sent).toHaveLength(1);
  });
});

describe("the health check", () => {
  it("says when the access token expires, where that is known", async () => {
    const { ask } = await proxyServer();
    const reply = await ask(HEALTH);
    const expires_at = "2026-01-01T00:05:00.000Z";
    expect([reply.status, reply.body]).toEqual([200, { alive: true, reachable: true, expires_at }]);
    const unknown = await proxyServer([], { keeper: keeperWith({}) });
    expect((await unknown.ask(HEALTH)).body).toEqual({ alive: true, reachable: true });
  });

  it("is bad where the session is dead, or the homeserver away", async () => {
    const death = new Failure("session_dead");
    const dead = await (await proxyServer([], { keeper: keeperWith({ death }) })).ask(HEALTH);
    expect([dead.status, dead.body]).toEqual([503, { alive: false, reachable: true }]);
    const away = await (await proxyServer([], { keeper: keeperWith({}), upstream })).ask(HEALTH);
    expect([away.status, away.body]).toEqual([503, { alive: true, reachable: false }]);
  });
});

describe("signing out", () => {
  it("is asked for by POST, and by whoever has the token", async () => {
    const revoke = vi.fn(async () => undefined);
    const { ask, asStranger } = await proxyServer([], { revoke });
    const reply = await ask("GET /_matrix/client/v3/logout");
    const error = "It is asked for by POST.";
    expect([reply.status, reply.body]).toEqual([405, { errcode: "M_UNRECOGNIZED", error }]);
    expect((await asStranger(LOGOUT)).status).toBe(401);
    expect(revoke).not.toHaveBeenCalled();
    expect((await ask(SYNC)).status).toBe(200);
  });

  it("ends the token's use, once what it does to the session is done", async () => {
    const revoke = vi.fn(async () => undefined);
    revoke.mockRejectedValueOnce(new Failure("network_error"));
    const { ask } = await proxyServer([], { revoke });
    const reply = await ask(LOGOUT);
    const error = new Failure("network_error").message;
    expect([reply.status, reply.body]).toEqual([502, { errcode: "M_UNKNOWN", error }]);
    expect((await ask(SYNC)).status).toBe(200);
    expect((await ask(LOGOUT)).body).toEqual({});
    expect((await ask(SYNC)).body["errcode"]).toBe("M_UNKNOWN_TOKEN");
    expect(revoke).toHaveBeenCalledTimes(2);
  });
});

describe("another protocol", () => {
  it.each([
    ["CONNECT evil.example:443 HTTP/1.1", []],
    ["GET /_matrix/client/v3/sync HTTP/1.1", ["Connection: upgrade", "Upgrade: websocket"]],
  ])("is refused, whole, and the connection closed: %s", async (line, headers) => {
    const { raw, sent } = await proxyServer();
    const lines = [line, "Host: 127.0.0.1", "Authorization: Bearer mqlp_local", ...headers, "", ""];
    expect(await raw(lines)).toBe(
      "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    expect(sent).toEqual([]);
  });

  const CONNECT = "CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

  it("breaks nothing else where its connection breaks while it is refused", async () => {
    const uncaught = vi.fn();
    process.on("uncaughtException", uncaught);
    onTestFinished(() => void process.off("uncaughtException", uncaught));
    const { baseUrl, asStranger } = await proxyServer();
    const connection = nextConnection();
    // The system has both before the proxy reads the first, whose answer can't be written then.
    const program = connect(Number(baseUrl.port), baseUrl.hostname, () => {
      program.write(CONNECT);
      program.resetAndDestroy();
    });
    const socket = await connection;
    await new Promise((resolve) => socket.on("close", resolve));
    expect(uncaught).not.toHaveBeenCalled();
    expect((await asStranger(VERSIONS)).status).toBe(200);
  });

  it("keeps the proxy from nothing where the program leaves its end of the connection open", async () => {
    const { baseUrl, server } = await proxyServer();
    const { hostname: host, port } = baseUrl;
    const program = connect({ host, port: Number(port), allowHalfOpen: true });
    onTestFinished(() => void program.destroy());
    program.write(CONNECT);
    program.resume();
    await once(program, "end");
    await server.close();
  });
});

it("keeps connections open between requests for two minutes, and lets uploads take their time", async () => {
  const { raw, asStranger } = await proxyServer();
  const { headers } = await asStranger("GET /.well-known/matrix/client");
  expect(headers.get("keep-alive")).toBe("timeout=120");
  expect(await raw(["no HTTP", "", ""])).toMatch(/^HTTP\/1\.1 400 /);
});
