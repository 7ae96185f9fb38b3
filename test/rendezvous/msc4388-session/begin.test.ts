import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/foundation/secret.js";
import { Msc4388Session } from "../../../src/rendezvous/msc4388-session.js";
import { expectFailure } from "../../support/failures.js";
import { lookSoon } from "../../support/memory-rendezvous.js";
import {
  BOUND_URL,
  boundTo,
  CREATED,
  created,
  DELETE,
  GET,
  GONE,
  joined,
  PATHS,
  POST,
  PUT,
  signal,
  slot,
  world,
  written,
} from "../../support/msc4388-world.js";

describe("making a session", () => {
  it.each(["stable", "unstable"] as const)("posts an empty payload to the %s path", async (name) => {
    const { http, api, clock } = world({ [`POST ${PATHS.stable}`]: CREATED }, name);
    const session = await Msc4388Session.create(api, clock, undefined, signal);
    expect(session.id).toBe("abc");
    const request = http.last(`POST ${PATHS[name]}`);
    expect(JSON.parse(request.body ?? "")).toEqual({ data: "" });
    expect(request.headers).toEqual({ "Content-Type": "application/json" });
    expect(request).not.toHaveProperty("accessToken");
  });

  it("sends the access token with the POST, and with nothing after it", async () => {
    const { http, api, clock } = world({ [GET]: slot("x", "t1"), [PUT]: written("t2"), [DELETE]: {} });
    const session = await Msc4388Session.create(api, clock, new Secret("access-token"), signal);
    lookSoon(session, clock);
    expect(http.last(POST).accessToken).toEqual(new Secret("access-token"));
    await session.waitForChange("machine", signal);
    await session.write("y", signal);
    await session.delete(signal);
    for (const name of [GET, PUT, DELETE]) expect(http.last(name)).not.toHaveProperty("accessToken");
  });

  it("counts its life from when it was asked for, and for an hour at most", async () => {
    const { clock, api } = world({
      [POST]: async () => {
        await clock.advance(700);
        return CREATED;
      },
    });
    const session = await Msc4388Session.create(api, clock, undefined, signal);
    expect(clock.now()).toBe(700);
    expect(session.expiresAt).toBe(120_000);

    const endless = { json: { id: "abc", sequence_token: "t0", expires_in_ms: 1e12 } };
    const { session: long } = await created({ [POST]: endless });
    expect(long.expiresAt).toBe(3_600_000);
  });

  it("lives for an hour at most also where each answer promises more", async () => {
    const answer = { json: { data: "x", sequence_token: "t1", expires_in_ms: 1e12 } };
    const { session, clock } = await created({ [GET]: answer });
    await clock.advance(60_000);
    await clock.runUntil(session.waitForChange("person", signal));
    expect(session.expiresAt).toBe(3_600_000);
  });

  it.each([401, 403, 404])("is not for this device where the server says %d", async (status) => {
    const refused = created({ [POST]: { status, json: { errcode: "M_WHATEVER" } } });
    await expectFailure("homeserver_without_rendezvous", () => refused);
  });

  it.each<[string, unknown]>([
    ["no object", []],
    ["no ID", { sequence_token: "t0", expires_in_ms: 1 }],
    ["an empty ID", { id: "", sequence_token: "t0", expires_in_ms: 1 }],
    ["an ID that no AAD can hold", { id: "é".repeat(128), sequence_token: "t0", expires_in_ms: 1 }],
    ["no token", { id: "abc", expires_in_ms: 1 }],
    ["a token that no AAD can hold", { id: "abc", sequence_token: "t".repeat(256), expires_in_ms: 1 }],
    ["no lifetime", { id: "abc", sequence_token: "t0" }],
    ["a lifetime that is over", { id: "abc", sequence_token: "t0", expires_in_ms: -1 }],
    ["a lifetime that is no number", { id: "abc", sequence_token: "t0", expires_in_ms: "120000" }],
  ])("fails by an answer with %s", async (_what, json) => {
    const failure = await expectFailure("server_error", () => created({ [POST]: { json } }));
    expect(failure.message).toMatch(/hs\.example gives an answer that can't be used, at/);
  });
});

describe("joining a session", () => {
  it("whose slot is empty is for the first who scans", async () => {
    const { session } = await joined();
    expect(session).toMatchObject({ id: "abc", additionalData: boundTo("t0"), expiresAt: 120_000 });
  });

  it("whose slot isn't empty is refused: somebody has used the code", async () => {
    const failure = await expectFailure("concurrent_write", () => joined({}, slot("data", "t1")));
    expect(failure.kind).toBe("security");
  });

  it("that is not there is too late", async () => {
    const failure = await expectFailure("rendezvous_expired", () => joined({}, GONE));
    expect(failure.kind).toBe("late");
  });

  it("under an API that the server doesn't know is left to the other", async () => {
    const { api, clock } = world();
    expect(await Msc4388Session.join(api, clock, { id: "abc", boundUrl: BOUND_URL }, signal)).toBeUndefined();
  });

  it("that is refused for no reason that means something here is a fault of the server", async () => {
    await expectFailure("server_error", () => joined({}, { status: 403, json: { errcode: "M_FORBIDDEN" } }));
    await expectFailure("server_error", () => joined({}, { json: { data: 1, sequence_token: "t0" } }));
  });

  it("puts an ID into the path as one segment", async () => {
    const { api, clock, http } = world();
    await Msc4388Session.join(api, clock, { id: "a/b?c", boundUrl: BOUND_URL }, signal);
    expect(http.log).toEqual([`GET ${PATHS.unstable}/a%2Fb%3Fc`]);
  });
});
