import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import type { DevHomeserver, DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import { call, devHomeserver, refresh } from "../support/dev-homeserver.js";
import { FakeClock } from "../support/fake-clock.js";
import { serve } from "../support/local-server.js";
import { type ProxyUnderTest, plainSession, startProxy, stepUntil } from "../support/session-proxy.js";

const WHOAMI = "GET /_matrix/client/v3/account/whoami";
const MIB = 1024 * 1024;

/** The embedded homeserver, whose refreshes are counted, and a proxy before it. */
async function served(options: DevHomeserverOptions = {}) {
  let refreshes = 0;
  const server = await devHomeserver({
    ...options,
    intercept: (request) => {
      if (request.path === "/oauth2/token") refreshes++;
      return options.intercept?.(request);
    },
  });
  const proxy = await startProxy(server.existingSession, { clock: server.clock });
  return { server, clock: server.clock, proxy, refreshes: () => refreshes };
}

const refreshedIn = ({ events }: ProxyUnderTest) =>
  events.filter(({ event }) => event === "refreshed").length;

/** Lets time pass while nothing is asked, in steps in which a refresh has room. */
async function pass(clock: FakeClock, ms: number, proxy: ProxyUnderTest, refreshes: number): Promise<void> {
  await clock.advance(ms);
  await eventually(() => expect(refreshedIn(proxy)).toBe(refreshes));
}

async function isKnown({ baseUrl }: DevHomeserver, token: string): Promise<boolean> {
  return (await call(baseUrl, WHOAMI, { token })).status === 200;
}

/** Waits for what takes real time, while the clock stands still or is moved on by the assertion. */
function eventually(assertion: () => unknown): Promise<unknown> {
  return vi.waitFor(assertion, { timeout: 15_000, interval: 1 });
}

/** Revokes the refresh token, as when the device is removed elsewhere. */
async function signOutElsewhere({ baseUrl, existingSession }: DevHomeserver): Promise<void> {
  const { refresh_token: token = "", oauth } = existingSession;
  const form = { token, client_id: oauth?.client_id ?? "" };
  expect((await call(baseUrl, "POST /oauth2/revoke", { form })).status).toBe(200);
}

describe("tokens", () => {
  it("are renewed ahead of time, through twenty lifetimes, without the program noticing", async () => {
    const { clock, proxy, refreshes } = await served();
    expect((await proxy.ask(WHOAMI)).status).toBe(200);
    for (let lifetime = 1; lifetime <= 20; lifetime++) {
      await pass(clock, 241_000, proxy, lifetime);
      expect((await proxy.ask(WHOAMI)).status).toBe(200);
    }
    expect(refreshes()).toBe(20);
    const { expires_at } = await proxy.store.read(proxy.path);
    expect(proxy.events.at(-1)).toEqual({ event: "refreshed", expires_at });
  });

  it("are renewed at half of a short life, and not before", async () => {
    const { clock, proxy, refreshes } = await served({ accessTokenLifetimeMs: 20_000 });
    await proxy.ask(WHOAMI);
    await clock.advance(9_900);
    expect(refreshes()).toBe(0);
    await pass(clock, 200, proxy, 1);
  });

  it("that the homeserver has forgotten are renewed once, and the request is repeated", async () => {
    const { server, clock, proxy } = await served();
    await proxy.ask(WHOAMI);
    // Somebody else refreshes; the proxy has the old token in memory, and it dies.
    const { refresh_token = "", oauth } = server.existingSession;
    const reply = await refresh(server.baseUrl, { clientId: oauth?.client_id ?? "" }, refresh_token);
    const { access_token, refresh_token: next } = reply.body;
    await call(server.baseUrl, WHOAMI, { token: String(access_token) });
    const file = JSON.parse(await readFile(proxy.path, "utf8")) as object;
    await writeFile(proxy.path, JSON.stringify({ ...file, access_token, refresh_token: next }));
    expect(await isKnown(server, server.existingSession.access_token)).toBe(false);
    expect((await proxy.ask(WHOAMI)).status).toBe(200);
    expect(clock.now()).toBe(0);
  });

  it("are shared by proxies and others on one session: nobody forks the chain", async () => {
    const { server, clock, proxy, refreshes } = await served();
    const second = await startProxy({}, { clock, path: proxy.path });
    expect(second.token).toBe(proxy.token);
    for (const each of [proxy, second]) await each.ask(WHOAMI);
    for (let lifetime = 1; lifetime <= 5; lifetime++) {
      await clock.advance(241_000);
      await eventually(async () => {
        await clock.advance(10);
        expect(refreshedIn(proxy)).toBe(lifetime);
        expect(refreshedIn(second)).toBe(lifetime);
      });
      expect((await proxy.ask(WHOAMI)).status).toBe(200);
      expect((await second.ask(WHOAMI)).status).toBe(200);
    }
    expect(refreshes()).toBe(5);
    expect(server.activeSessions()).toHaveLength(1);
  });

  it("last as long as they do where they can't be renewed, and that is said", async () => {
    const server = await devHomeserver();
    const { refresh_token: _, ...session } = server.existingSession;
    const proxy = await startProxy(session, { clock: server.clock });
    expect(proxy.events).toContainEqual(expect.objectContaining({ code: "session_not_refreshable" }));
    await server.clock.advance(299_000);
    expect((await proxy.ask(WHOAMI)).status).toBe(200);
    await server.clock.advance(1_001);
    expect((await proxy.died).code).toBe("session_dead");
  });
});

describe("a rejected token", () => {
  /** A homeserver that knows no token, but refreshes them all. */
  async function rejecting() {
    const answer = { status: 401, body: '{"errcode":"M_UNKNOWN_TOKEN","soft_logout":false}' };
    return served({
      intercept: ({ path }) => (path.includes("/account/") ? { when: "before", answer } : undefined),
    });
  }

  it("is never seen by the program: it is told to try again", async () => {
    const { proxy, clock, refreshes } = await rejecting();
    const reply = await stepUntil(clock, proxy.ask(WHOAMI));
    expect([reply.status, reply.body["errcode"]]).toEqual([503, "M_UNKNOWN"]);
    expect(reply.body["retry_after_ms"]).toBeGreaterThan(0);
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(refreshes()).toBe(1);
  });

  it("of an upload that is too large to be kept is a 503, and the next try works", async () => {
    let isGood = false;
    const server = await devHomeserver({
      intercept: ({ path }) => {
        if (path === "/oauth2/token") isGood = true;
        if (!path.includes("/media/")) return undefined;
        const answer = isGood
          ? { status: 200, body: "{}" }
          : { status: 401, body: '{"errcode":"M_UNKNOWN_TOKEN"}' };
        return { when: "before", answer };
      },
    });
    const proxy = await startProxy(server.existingSession, { clock: server.clock });
    const upload = () =>
      proxy.ask("POST /_matrix/media/v3/upload", { body: randomBytes(MIB).toString("base64") });
    const reply = await stepUntil(server.clock, upload());
    expect([reply.status, reply.body["retry_after_ms"]]).toEqual([503, 1000]);
    expect((await upload()).status).toBe(200);
  });
});

describe("a dead session", () => {
  it("is dead by the token endpoint's word alone, and answered late and seldom, whoever asks how often", async () => {
    const { server, clock, proxy } = await served();
    await signOutElsewhere(server);
    await clock.advance(301_000);
    expect((await proxy.died).code).toBe("session_dead");

    let answers = 0;
    let isOver = false;
    const ask = async () => {
      while (!isOver) {
        const reply = await proxy.ask(WHOAMI);
        expect([reply.status, reply.body["errcode"]]).toEqual([401, "M_UNKNOWN_TOKEN"]);
        answers++;
      }
    };
    const startedAt = clock.now();
    const asking = Array.from({ length: 5 }, ask);
    await clock.advance(4_900);
    expect(answers).toBe(0);
    await eventually(async () => {
      await clock.advance(250);
      expect(answers).toBeGreaterThan(30);
    });
    const seconds = (clock.now() - startedAt) / 1_000;
    expect(answers / seconds).toBeLessThanOrEqual(2);
    isOver = true;
    await stepUntil(clock, Promise.all(asking));
    const health = await proxy.ask("GET /_matrix-qr-login/health");
    expect([health.status, health.body["alive"]]).toEqual([503, false]);
  });

  it("isn't dead while the token endpoint can't be reached", async () => {
    let isAway = false;
    const { clock, proxy } = await served({
      intercept: ({ path }) =>
        isAway && path === "/oauth2/token" ? { when: "before", answer: { status: 503 } } : undefined,
    });
    await proxy.ask(WHOAMI);
    isAway = true;
    await clock.advance(310_000);
    const reply = await stepUntil(clock, proxy.ask(WHOAMI));
    expect(reply.status).toBe(503);
    expect(proxy.events).toContainEqual(expect.objectContaining({ code: "refresh_failed" }));
    isAway = false;
    await eventually(async () => {
      await clock.advance(1_000);
      expect(refreshedIn(proxy)).toBe(1);
    });
    expect((await proxy.ask(WHOAMI)).status).toBe(200);
  });
});

describe("a homeserver that is away", () => {
  it("is told once, asked seldom, and served again by itself", async () => {
    let isAway = true;
    let asked = 0;
    const upstream = await serve((request, response) => {
      if (request.url !== "/_matrix/client/versions") asked++;
      if (isAway) return request.socket.destroy();
      response.end('{"versions":[]}');
    });
    const clock = new FakeClock();
    const proxy = await startProxy(plainSession(upstream), { clock });
    const waits: unknown[] = [];
    const startedAt = clock.now();
    for (let count = 0; count < 8; count++) {
      const reply = await stepUntil(clock, proxy.ask(WHOAMI));
      expect(reply.status).toBe(502);
      waits.push(reply.body["retry_after_ms"]);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(asked / ((clock.now() - startedAt) / 1_000)).toBeLessThanOrEqual(2);
    expect(proxy.events.filter(({ event }) => event === "upstream")).toEqual([
      { event: "upstream", reachable: false },
    ]);
    expect((await proxy.ask("GET /_matrix-qr-login/health")).status).toBe(503);

    isAway = false;
    expect((await proxy.ask(WHOAMI)).status).toBe(200);
    expect(proxy.events.at(-1)).toEqual({ event: "upstream", reachable: true });
    expect((await proxy.ask("GET /_matrix-qr-login/health")).status).toBe(200);
  });

  it("is so too where something in front of it says so: that is passed on, late", async () => {
    const upstream = await serve((_request, response) => {
      response.writeHead(502, { "content-type": "text/html" });
      response.end("<h1>Bad gateway</h1>");
    });
    const clock = new FakeClock();
    const proxy = await startProxy(plainSession(upstream), { clock });
    const startedAt = clock.now();
    const reply = await stepUntil(clock, proxy.ask(WHOAMI));
    expect([reply.status, reply.text]).toEqual([502, "<h1>Bad gateway</h1>"]);
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(1_000);
  });

  it("may be away from the start", async () => {
    const upstream = await serve((request) => request.socket.destroy());
    const proxy = await startProxy(plainSession(upstream), { clock: new FakeClock() });
    expect((await call(proxy.baseUrl, "GET /.well-known/matrix/client")).status).toBe(200);
  });
});
