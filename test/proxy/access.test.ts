import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { call, devHomeserver } from "../support/dev-homeserver.js";
import { FakeClock } from "../support/fake-clock.js";
import { serve } from "../support/local-server.js";
import { plainSession, startProxy, stepUntil } from "../support/session-proxy.js";

const WHOAMI = "/_matrix/client/v3/account/whoami";

/** A homeserver that notes what reaches it, and a proxy before it. */
async function recorded(settings: { revoke?: () => Promise<void> } = {}) {
  const reached: IncomingMessage[] = [];
  const upstream = await serve((request, response) => {
    reached.push(request);
    const isVersions = request.url === "/_matrix/client/versions";
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(isVersions ? { versions: ["v1.11"] } : {}));
  });
  const clock = new FakeClock();
  const proxy = await startProxy(plainSession(upstream), { clock, ...settings });
  await vi.waitFor(() => expect(reached).toHaveLength(1));
  reached.length = 0;
  return { clock, proxy, reached };
}

describe("the local token", () => {
  it("unlocks the session, in a header or in the query, and the real one takes its place", async () => {
    const { proxy, reached } = await recorded();
    expect((await proxy.ask(`GET ${WHOAMI}`)).status).toBe(200);
    expect((await call(proxy.baseUrl, `GET ${WHOAMI}?access_token=${proxy.token}&a=b`)).status).toBe(200);
    expect(reached.map(({ url }) => url)).toEqual([WHOAMI, `${WHOAMI}?a=b`]);
    for (const { headers, rawHeaders } of reached) {
      expect(headers.authorization).toBe("Bearer real-token");
      expect(rawHeaders.join()).not.toContain(proxy.token);
    }
  });

  it.each([
    ["none", {}, "M_MISSING_TOKEN"],
    ["another", { token: "mqlp_wrong" }, "M_UNKNOWN_TOKEN"],
    ["the session's real one", { token: "real-token" }, "M_UNKNOWN_TOKEN"],
    ["one that isn't a Bearer's", { headers: { authorization: "Basic eDp5" } }, "M_UNKNOWN_TOKEN"],
  ])("%s: nothing reaches the homeserver", async (_what, options, errcode) => {
    const { clock, proxy, reached } = await recorded();
    const asked = call(proxy.baseUrl, `GET ${WHOAMI}`, options);
    const reply = await stepUntil(clock, asked);
    expect([reply.status, reply.body["errcode"]]).toEqual([401, errcode]);
    expect(reached).toEqual([]);
  });

  it("is asked for in the health check, too", async () => {
    const { clock, proxy } = await recorded();
    const reply = await proxy.ask("GET /_matrix-qr-login/health");
    expect([reply.status, reply.body]).toEqual([200, { alive: true, reachable: true }]);
    const stranger = call(proxy.baseUrl, "GET /_matrix-qr-login/health");
    expect((await stepUntil(clock, stranger)).status).toBe(401);
  });

  it("is the same after a restart", async () => {
    const { clock, proxy } = await recorded();
    await proxy.stop();
    const again = await startProxy({}, { clock, path: proxy.path });
    expect(again.token).toBe(proxy.token);
    expect(again.token).toMatch(/^mqlp_[\w-]{43}$/);
  });
});

describe("without a token", () => {
  it("are answered what programs ask first, and nothing of it goes to the homeserver", async () => {
    const { proxy, reached } = await recorded();
    const { baseUrl } = proxy;
    expect((await call(baseUrl, "GET /.well-known/matrix/client")).body).toEqual({
      "m.homeserver": { base_url: baseUrl.origin },
    });
    expect((await call(baseUrl, "GET /_matrix/client/versions")).body).toEqual({ versions: ["v1.11"] });
    expect((await call(baseUrl, "GET /_matrix/client/v3/login")).body).toEqual({ flows: [] });
    expect(reached).toEqual([]);
  });

  it("is said that the homeserver wasn't reached yet, where that is so", async () => {
    const upstream = await serve((request) => request.socket.destroy());
    const clock = new FakeClock();
    const proxy = await startProxy(plainSession(upstream), { clock });
    const reply = await stepUntil(clock, call(proxy.baseUrl, "GET /_matrix/client/versions"));
    expect([reply.status, reply.body["retry_after_ms"]]).toEqual([502, 1000]);
  });

  it("is waited with it for the homeserver's first answer", async () => {
    const asked: ServerResponse[] = [];
    const upstream = await serve((_request, response) => void asked.push(response));
    const proxy = await startProxy(plainSession(upstream), { clock: new FakeClock() });
    const reply = call(proxy.baseUrl, "GET /_matrix/client/versions");
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    asked[0]?.end(JSON.stringify({ versions: ["v1.11"] }));
    expect([(await reply).status, (await reply).body]).toEqual([200, { versions: ["v1.11"] }]);
  });
});

describe("refused, and never seen by the homeserver", () => {
  it.each<[name: string, lines: (token: string) => string[], status: number]>([
    ["absolute form", (t) => [`GET http://evil.example${WHOAMI} HTTP/1.1`, ...head(t)], 400],
    ["two slashes", (t) => [`GET //evil.example${WHOAMI} HTTP/1.1`, ...head(t)], 400],
    ["dot segments", (t) => ["GET /_matrix/client/%2e%2e/x HTTP/1.1", ...head(t)], 400],
    ["elsewhere", (t) => ["GET /_synapse/admin/v1/users HTTP/1.1", ...head(t)], 404],
    ["CONNECT", (t) => ["CONNECT evil.example:443 HTTP/1.1", ...head(t)], 501],
    ["Upgrade", (t) => [`GET ${WHOAMI} HTTP/1.1`, "Upgrade: websocket", ...head(t, "upgrade")], 501],
    ["an Origin", (t) => [`GET ${WHOAMI} HTTP/1.1`, "Origin: https://evil.example", ...head(t)], 403],
    ["a preflight", (t) => [`OPTIONS ${WHOAMI} HTTP/1.1`, "Origin: null", ...head(t)], 403],
    ["a foreign Host", (t) => [`GET ${WHOAMI} HTTP/1.1`, ...head(t, "close", "evil.example")], 403],
    ["no Host", (t) => [`GET ${WHOAMI} HTTP/1.0`, `Authorization: Bearer ${t}`, "", ""], 403],
    [
      "two lengths",
      (t) => [`PUT ${WHOAMI} HTTP/1.1`, "Content-Length: 1", "Content-Length: 2", ...head(t)],
      400,
    ],
    ["no HTTP", () => ["\u0016\u0003\u0001", "", ""], 400],
  ])("%s", async (_name, lines, status) => {
    const { proxy, reached } = await recorded();
    expect(await proxy.raw(lines(proxy.token))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(reached).toEqual([]);
  });

  it.each([
    "POST /_matrix/client/v3/login",
    "POST /_matrix/client/v3/register",
    "POST /_matrix/client/v3/refresh",
    "POST /_matrix/client/v1/login/get_token",
    "POST /_matrix/client/v3/keys/device_signing/upload",
  ])("%s, with a reason", async (request) => {
    const { proxy, reached } = await recorded();
    const reply = await proxy.ask(request, { json: {} });
    expect([reply.status, reply.body["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
    expect(String(reply.body["error"])).toMatch(/proxy/);
    expect(reached).toEqual([]);
  });
});

describe("/logout", () => {
  it("ends the program's access, and not the session", async () => {
    const { clock, proxy, reached } = await recorded();
    const reply = await proxy.ask("POST /_matrix/client/v3/logout", { json: {} });
    expect([reply.status, reply.body]).toEqual([200, {}]);
    expect((await stepUntil(clock, proxy.ask(`GET ${WHOAMI}`))).body["errcode"]).toBe("M_UNKNOWN_TOKEN");
    expect(reached).toEqual([]);
    await proxy.stop();
    const again = await startProxy({}, { clock, path: proxy.path });
    expect((await again.ask(`GET ${WHOAMI}`)).status).toBe(200);
  });

  it("signs the session out where that is allowed, and says so only once it is done", async () => {
    let isBroken = true;
    const revoke = vi.fn(async () => {
      if (isBroken) throw new Error("away");
    });
    const { clock, proxy } = await recorded({ revoke });
    expect((await proxy.ask("POST /_matrix/client/v3/logout")).status).toBe(502);
    isBroken = false;
    expect((await proxy.ask("POST /_matrix/client/v3/logout/all")).status).toBe(200);
    expect(revoke).toHaveBeenCalledTimes(2);
    expect((await proxy.died).code).toBe("session_dead");
    expect((await stepUntil(clock, proxy.ask(`GET ${WHOAMI}`))).status).toBe(401);
  });
});

it("serves the embedded homeserver as it is", async () => {
  const server = await devHomeserver();
  const proxy = await startProxy(server.existingSession, { clock: server.clock });
  const { user_id } = server.existingSession;
  expect((await proxy.ask(`GET ${WHOAMI}`)).body).toMatchObject({ user_id });
  const query = { device_keys: { [user_id]: [] } };
  expect((await proxy.ask("POST /_matrix/client/v3/keys/query", { json: query })).status).toBe(200);
});

function head(token: string, connection = "close", host = "127.0.0.1"): string[] {
  return [`Host: ${host}`, `Authorization: Bearer ${token}`, `Connection: ${connection}`, "", ""];
}
