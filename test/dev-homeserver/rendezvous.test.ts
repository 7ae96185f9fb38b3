import { get as httpGet } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevHomeserver, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { RendezvousStore } from "../../src/dev-homeserver/rendezvous/store.js";
import { call, devHomeserver, field } from "../support/dev-homeserver.js";
import { FakeClock } from "../support/fake-clock.js";
import { describeRendezvous, STABLE, UNSTABLE } from "./rendezvous-conformance.js";

describe("the development homeserver's rendezvous sessions", () => {
  let server: DevHomeserver;
  beforeAll(async () => {
    server = await startDevHomeserver();
  });
  afterAll(() => server.close());

  describeRendezvous("under the stable prefix", { baseUrl: () => server.baseUrl, ...STABLE });
  describeRendezvous("under the unstable prefix", { baseUrl: () => server.baseUrl, ...UNSTABLE });
});

describe("a rendezvous session's life", () => {
  it("lasts 120 s from its creation, which no write extends", async () => {
    const { baseUrl, clock } = await devHomeserver();
    const created = await call(baseUrl, `POST ${STABLE.path}`, { json: { data: "" } });
    expect(created.body["expires_in_ms"]).toBe(120_000);
    const session = `${STABLE.path}/${field(created, "id")}`;

    await clock.advance(119_000);
    const json = { sequence_token: field(created, "sequence_token"), data: "late" };
    const written = await call(baseUrl, `PUT ${session}`, { json });
    expect(written.status).toBe(200);
    expect((await call(baseUrl, `GET ${session}`)).body["expires_in_ms"]).toBe(1000);

    await clock.advance(1000);
    for (const request of [`GET ${session}`, `DELETE ${session}`]) {
      const reply = await call(baseUrl, request);
      expect([reply.status, reply.body["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
    }
    const stale = await call(baseUrl, `PUT ${session}`, { json: { ...json, data: "more" } });
    expect([stale.status, stale.body["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
  });

  it("can be set, and ended for all", async () => {
    const server = await devHomeserver({ rendezvousLifetimeMs: 5000 });
    const created = await call(server.baseUrl, `POST ${STABLE.path}`, { json: { data: "x" } });
    expect(server.liveRendezvousSessions()).toEqual([
      expect.objectContaining({ id: field(created, "id"), data: "x", expiresInMs: 5000 }),
    ]);
    server.expireRendezvous();
    expect(server.liveRendezvousSessions()).toEqual([]);
  });

  it("is refused where too many live, until the oldest has ended", async () => {
    const clock = new FakeClock();
    const store = new RendezvousStore(clock, 1000, { capacity: 2 });
    store.create("a");
    await clock.advance(400);
    store.create("b");
    expect(store.create("c")).toEqual({ retryAfterMs: 600 });
    await clock.advance(600);
    expect(store.create("c")).toMatchObject({ data: "c" });
    expect(store.live().map(({ data }) => data)).toEqual(["b", "c"]);
  });
});

describe("the rendezvous API's policy", () => {
  it("wants an access token to create, but not to read or write, where it is authenticated", async () => {
    const { baseUrl, existingSession } = await devHomeserver({ rendezvous: "authenticated" });
    const token = existingSession.access_token;
    const json = { data: "" };
    for (const request of [`GET ${STABLE.path}`, `POST ${STABLE.path}`]) {
      const body = request.startsWith("POST") ? { json } : {};
      const without = await call(baseUrl, request, body);
      expect([without.status, without.body["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
      const unknown = await call(baseUrl, request, { ...body, token: "unknown" });
      expect([unknown.status, unknown.body["errcode"]]).toEqual([401, "M_UNKNOWN_TOKEN"]);
    }
    expect((await call(baseUrl, `GET ${STABLE.path}`, { token })).body).toEqual({ create_available: true });
    const id = field(await call(baseUrl, `POST ${STABLE.path}`, { token, json }), "id");
    expect((await call(baseUrl, `GET ${STABLE.path}/${id}`)).status).toBe(200);
  });

  it.each([STABLE.path, UNSTABLE.path])("unrecognises %s where it is off", async (path) => {
    const { baseUrl } = await devHomeserver({ rendezvous: "off" });
    for (const request of [`GET ${path}`, `GET ${path}/x`, `DELETE ${path}/x`]) {
      const reply = await call(baseUrl, request);
      expect([reply.status, reply.body["errcode"]]).toEqual([404, "M_UNRECOGNIZED"]);
    }
  });

  it.each([
    ["stable", STABLE.path, UNSTABLE.path],
    ["unstable", UNSTABLE.path, STABLE.path],
  ] as const)("serves the %s prefix alone when told so", async (rendezvousApis, served, other) => {
    const { baseUrl } = await devHomeserver({ rendezvousApis });
    expect((await call(baseUrl, `GET ${served}`)).status).toBe(200);
    expect((await call(baseUrl, `GET ${other}`)).body["errcode"]).toBe("M_UNRECOGNIZED");
  });

  it("refuses a request in Sec-Fetch-Mode navigate", async () => {
    const { baseUrl } = await devHomeserver();
    const id = field(await call(baseUrl, `POST ${STABLE.path}`, { json: { data: "" } }), "id");
    const url = new URL(`${STABLE.path}/${id}`, baseUrl);
    const statusOf = (mode: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const request = httpGet(url, { headers: { "sec-fetch-mode": mode } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on("error", reject);
      });
    expect(await statusOf("navigate")).toBe(403);
    expect(await statusOf("cors")).toBe(200);
  });
});
