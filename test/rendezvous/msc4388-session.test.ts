import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { additionalData } from "../../src/protocol/additional-data.js";
import type { Pace } from "../../src/protocol/rendezvous-session.js";
import { Msc4388Api, type RendezvousApi } from "../../src/rendezvous/msc4388-api.js";
import { Msc4388Session } from "../../src/rendezvous/msc4388-session.js";
import { expectFailure, failureOf } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp, type FakeReply } from "../support/fake-http.js";
import { answer } from "../support/fake-transport.js";
import { lookSoon, MemoryRendezvous, RENDEZVOUS_URL } from "../support/memory-rendezvous.js";

const { signal } = new AbortController();
const PATHS: Record<RendezvousApi, string> = {
  stable: "https://hs.example/_matrix/client/v1/rendezvous",
  unstable: "https://hs.example/_matrix/client/unstable/io.element.msc4388/rendezvous",
};
const POST = `POST ${PATHS.unstable}`;
const GET = `GET ${PATHS.unstable}/abc`;
const PUT = `PUT ${PATHS.unstable}/abc`;
const DELETE = `DELETE ${PATHS.unstable}/abc`;

/** Messages are bound to the base URL as the code spells it. */
const BOUND_URL = "https://hs.example/";
const boundTo = (token: string) => additionalData(BOUND_URL, "abc", token);

const CREATED: FakeReply = { json: { id: "abc", sequence_token: "t0", expires_in_ms: 120_000 } };
const slot = (data: string, token: string, expires_in_ms = 120_000): FakeReply => ({
  json: { data, sequence_token: token, expires_in_ms },
});
const written = (token: string): FakeReply => ({ json: { sequence_token: token } });
const GONE: FakeReply = { status: 404, json: { errcode: "M_NOT_FOUND" } };
const CONFLICT: FakeReply = { status: 409, json: { errcode: "IO_ELEMENT_MSC4388_CONCURRENT_WRITE" } };

function world(routes: ConstructorParameters<typeof FakeHttp>[0] = {}, name: RendezvousApi = "unstable") {
  const clock = new FakeClock();
  const http = new FakeHttp({ [POST]: CREATED, ...routes });
  const api = new Msc4388Api(http, new URL("https://hs.example"), name);
  return { clock, http, api };
}

async function created(routes: ConstructorParameters<typeof FakeHttp>[0] = {}) {
  const all = world(routes);
  const session = await Msc4388Session.create(all.api, all.clock, undefined, signal);
  lookSoon(session, all.clock);
  all.http.requests.length = 0;
  return { ...all, session };
}

async function joined(routes: ConstructorParameters<typeof FakeHttp>[0] = {}, first = slot("", "t0")) {
  const all = world({ [GET]: first });
  const session = await Msc4388Session.join(all.api, all.clock, { id: "abc", boundUrl: BOUND_URL }, signal);
  if (!session) throw new Error("The server doesn't know its own API.");
  lookSoon(session, all.clock);
  for (const [name, route] of Object.entries(routes)) all.http.on(name, route);
  all.http.requests.length = 0;
  return { ...all, session };
}

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

describe("waiting for the other device", () => {
  const paces: [Pace, number[]][] = [
    ["machine", [100, 210, 331, 464, 610]],
    ["person", [100, 225, 381, 576, 820]],
    ["nobody", [100, 1100, 2100, 3100, 4100]],
  ];
  it.each(paces)("polls at the pace of %s, until the token changes", async (pace, times) => {
    const asked: number[] = [];
    const { session, clock } = await created({
      [GET]: () => {
        asked.push(clock.now());
        return asked.length < 5 ? slot("", "t0") : slot("data", "t1");
      },
    });
    const received = await clock.runUntil(session.waitForChange(pace, signal));
    expect(received.data).toBe("data");
    expect(asked).toEqual(times);
  });

  it("goes by the token, not by the data: the same data again is a message", async () => {
    const { session, clock } = await created({ [GET]: slot("", "t1") });
    expect(await clock.runUntil(session.waitForChange("machine", signal))).toMatchObject({ data: "" });
  });

  it("takes no notice of what it wrote itself", async () => {
    const { session, clock } = await created({
      [PUT]: written("t1"),
      [GET]: [slot("mine", "t1"), slot("theirs", "t2")],
    });
    await session.write("mine", signal);
    expect((await clock.runUntil(session.waitForChange("machine", signal))).data).toBe("theirs");
  });

  it("never asks after the session's time is over, and calls that expired", async () => {
    const asked: number[] = [];
    const { session, clock } = await created({
      [GET]: () => {
        asked.push(clock.now());
        return slot("", "t0", 3500 - clock.now());
      },
    });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("nobody", signal)));
    expect(failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(asked).toEqual([100, 1100, 2100, 3100]);
    expect(clock.now()).toBe(3500);
  });

  it("takes a 429 for no news: it asks ever more rarely, and ends by the session's time alone", async () => {
    const limited: FakeReply = { status: 429, json: { errcode: "M_LIMIT_EXCEEDED" } };
    const { session, clock, http } = await created({ [GET]: limited });
    const times: number[] = [];
    http.on(GET, () => {
      times.push(clock.now());
      return limited;
    });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("machine", signal)));
    expect(failure.code).toBe("rendezvous_expired");
    expect(clock.now()).toBe(120_000);
    expect(times.slice(0, 6)).toEqual([100, 1100, 3100, 7100, 15_100, 23_100]);
    expect(http.last(GET).final).toEqual([429]);
  });

  it("goes on after a 429, for which it waits as long as the server asks", async () => {
    const { session, clock } = await created({
      [GET]: [{ status: 429, json: { retry_after_ms: 5000 } }, slot("hello", "t1")],
    });
    const received = await clock.runUntil(session.waitForChange("machine", signal));
    expect(received.data).toBe("hello");
    expect(clock.now()).toBe(5100);
  });

  it("keeps to the device's budget, over all its sessions", async () => {
    const { session, api, clock, http } = await created({ [GET]: slot("", "t0") });
    const others = [1, 2, 3].map(() => Msc4388Session.create(api, clock, undefined, signal));
    const stop = new AbortController();
    const waits = [session, ...(await Promise.all(others))].map((each) =>
      each.waitForChange("machine", stop.signal).catch(() => undefined),
    );
    await clock.advance(20_000);
    stop.abort();
    await Promise.all(waits);
    const polls = http.log.filter((entry) => entry === GET).length;
    expect(polls).toBeLessThanOrEqual(10 + 20 * 4.5 + 3);
    expect(polls).toBeGreaterThan(60);
  });

  it("goes by the lifetime that the server told last", async () => {
    const { session, clock } = await created({ [GET]: [slot("", "t0", 5000), slot("x", "t1", 300_000)] });
    await clock.runUntil(session.waitForChange("person", signal));
    expect(session.expiresAt).toBe(300_225);
  });

  it("gives up before its time where the session is gone: somebody ended it", async () => {
    const { session, clock } = await created({ [GET]: [slot("", "t0"), GONE] });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
  });

  it("calls a session expired that is gone when its time is over", async () => {
    const { session, clock } = await created({
      [GET]: async () => {
        await clock.advance(120_000);
        return GONE;
      },
    });
    await expectFailure("rendezvous_expired", () => session.waitForChange("person", signal));
  });

  it("ends with the signal's reason", async () => {
    const { session, clock } = await created({ [GET]: slot("", "t0") });
    const stop = new AbortController();
    const waiting = failureOf(() => session.waitForChange("person", stop.signal));
    await clock.advance(1500);
    stop.abort(new Failure("interrupted"));
    expect((await waiting).code).toBe("interrupted");
  });

  it("ends with it also where the session's time is over by then", async () => {
    const stop = new AbortController();
    const { session, clock } = await created({
      [GET]: async () => {
        await clock.advance(120_000);
        stop.abort(new Failure("interrupted"));
        throw stop.signal.reason;
      },
    });
    await expectFailure("interrupted", () => session.waitForChange("person", stop.signal));
  });

  it.each<[string, unknown]>([
    ["no data", { sequence_token: "t1", expires_in_ms: 1 }],
    ["data that is no text", { data: {}, sequence_token: "t1", expires_in_ms: 1 }],
    ["no token", { data: "", expires_in_ms: 1 }],
  ])("fails by an answer with %s", async (_what, json) => {
    const { session } = await created({ [GET]: { json } });
    await expectFailure("server_error", () => session.waitForChange("person", signal));
  });

  it("bounds every answer to 64 KiB", async () => {
    const { session, http } = await created({ [GET]: slot("x", "t1"), [PUT]: written("t2"), [DELETE]: {} });
    await session.waitForChange("machine", signal);
    await session.write("y", signal);
    await session.delete(signal);
    expect(http.requests.map(({ maxBytes }) => maxBytes)).toEqual([65_536, 65_536, 65_536]);
  });

  it("gives every request the end of the session as its deadline", async () => {
    const { session, http } = await created({ [GET]: slot("x", "t1", 60_000), [PUT]: written("t2") });
    await session.waitForChange("machine", signal);
    await session.write("y", signal);
    expect(http.requests.map(({ deadline }) => deadline)).toEqual([120_000, 60_100]);
  });
});

describe("the sequence tokens", () => {
  it("of G's first message to open is the POST's, and of its answer that of the GET", async () => {
    const { session } = await created({ [GET]: slot("LoginInitiate", "t1") });
    expect(session.additionalData).toEqual(boundTo("t0"));
    const { sealedWith } = await session.waitForChange("person", signal);
    expect(sealedWith).toEqual([boundTo("t0")]);
    expect(session.additionalData).toEqual(boundTo("t1"));
  });

  it("of a message is that of our last write, taken before it came; else the one that was seen last", async () => {
    const { session, http } = await joined({ [PUT]: written("t1"), [GET]: slot("LoginOk", "t2") });
    await session.write("LoginInitiate", signal);
    expect(JSON.parse(http.last(PUT).body ?? "")).toEqual({ sequence_token: "t0", data: "LoginInitiate" });
    expect(session.additionalData).toEqual(boundTo("t0"));
    expect((await session.waitForChange("machine", signal)).sealedWith).toEqual([
      boundTo("t1"),
      boundTo("t0"),
    ]);
    expect(session.additionalData).toEqual(boundTo("t2"));

    http.on(GET, slot("again", "t3"));
    expect((await session.waitForChange("machine", signal)).sealedWith).toEqual([
      boundTo("t1"),
      boundTo("t2"),
    ]);
  });

  it("of a write is that of the last GET, whatever was written since", async () => {
    const { session, http } = await joined({ [PUT]: [written("t1"), written("t2")] });
    await session.write("one", signal);
    await session.write("two", signal);
    expect(JSON.parse(http.last(PUT).body ?? "")).toEqual({ sequence_token: "t0", data: "two" });
  });
});

describe("a write that is refused with 409", () => {
  it("is done where our own data is there, and its token counts as written", async () => {
    const { session, http, clock } = await joined({
      [PUT]: { ...CONFLICT, repeatedAfterLoss: true },
      [GET]: slot("mine", "t1"),
    });
    expect(await session.write("mine", signal)).toEqual({ written: true });
    http.on(GET, [slot("mine", "t1"), slot("reply", "t2")]);
    const reply = await clock.runUntil(session.waitForChange("machine", signal));
    expect(reply).toEqual({ data: "reply", sealedWith: [boundTo("t1"), boundTo("t0")] });
  });

  it("gives what is there instead, to be opened with the token that was seen last", async () => {
    const { session } = await created({
      [PUT]: [written("t2"), CONFLICT],
      [GET]: [slot("first", "t1"), slot("theirs", "t3")],
    });
    await session.waitForChange("person", signal);
    await session.write("answer", signal);
    expect(await session.write("mine", signal)).toEqual({
      written: false,
      found: { data: "theirs", sealedWith: [boundTo("t1"), boundTo("t2")] },
      mayHaveBeenRead: false,
    });
  });

  it("may have been read where an answer was lost before", async () => {
    const { session } = await joined({
      [PUT]: { ...CONFLICT, repeatedAfterLoss: true },
      [GET]: slot("reply", "t2"),
    });
    expect(await session.write("mine", signal)).toMatchObject({ written: false, mayHaveBeenRead: true });
  });

  it("is of no use where the session is gone by then", async () => {
    const { session } = await joined({ [PUT]: CONFLICT, [GET]: GONE });
    await expectFailure("rendezvous_gone", () => session.write("mine", signal));
  });
});

describe("a write that is refused otherwise", () => {
  it.each([
    ["is gone", GONE, "rendezvous_gone"],
    ["takes no such payload", { status: 413, json: { errcode: "M_TOO_LARGE" } }, "server_error"],
    ["answers without a token", { json: {} }, "server_error"],
  ] as const)("fails: the session %s", async (_what, reply, code) => {
    const { session } = await joined({ [PUT]: reply });
    await expectFailure(code, () => session.write("mine", signal));
  });

  it("may have been read where the session is gone and an answer was lost before", async () => {
    const { session } = await joined({ [PUT]: { ...GONE, repeatedAfterLoss: true } });
    const failure = await expectFailure("delivery_unknown", () => session.write("mine", signal));
    expect(failure.kind).toBe("network");
  });

  it("isn't sent after the session's time is over", async () => {
    const { session, clock, http } = await joined({ [PUT]: written("t1") });
    await clock.advance(120_000);
    await expectFailure("rendezvous_expired", () => session.write("mine", signal));
    expect(http.log).toEqual([]);
  });
});

describe("the end of a session", () => {
  it("is waited for also where the server limits the rate", async () => {
    const { session, clock } = await created({ [GET]: [{ status: 429 }, GONE] });
    await clock.runUntil(session.waitUntilGone(signal));
    expect(clock.now()).toBe(1100);
  });

  it("is waited for whatever is written meanwhile", async () => {
    const { session, clock } = await created({ [GET]: [slot("a", "t1"), slot("b", "t2"), GONE] });
    await clock.runUntil(session.waitUntilGone(signal));
    expect(clock.now()).toBe(331);
  });

  it("may have come before it is deleted", async () => {
    const { session } = await created({ [DELETE]: GONE });
    await expect(session.delete(signal)).resolves.toBeUndefined();
  });

  it("may be answered with anything, as by Synapse with a list, or with no JSON at all", async () => {
    for (const json of [[], "", "OK"]) {
      const { session, http } = await created({ [DELETE]: { json } });
      await session.delete(signal);
      expect(http.last(DELETE).expectJson).toBe(false);
    }
  });

  it("that the server refuses is a failure", async () => {
    const { session } = await created({ [DELETE]: { status: 403, json: {} } });
    await expectFailure("server_error", () => session.delete(signal));
  });
});

describe("a session over a network that loses answers", () => {
  it("is not lost with them: polls and writes are repeated", async () => {
    const clock = new FakeClock();
    const rendezvous = new MemoryRendezvous(clock);
    const g = await Msc4388Session.create(rendezvous.api("g"), clock, undefined, signal);
    const s = await Msc4388Session.join(
      rendezvous.api("s"),
      clock,
      { id: g.id, boundUrl: RENDEZVOUS_URL.href },
      signal,
    );
    if (!s) throw new Error("The server doesn't know its own API.");
    const lost = new Set<string>();
    rendezvous.fault = ({ device, method }) => {
      const name = `${device} ${method}`;
      if (lost.has(name)) return undefined;
      lost.add(name);
      return "after";
    };
    await clock.runUntil(s.write("hello", signal));
    expect(await clock.runUntil(g.waitForChange("machine", signal))).toMatchObject({ data: "hello" });
    await clock.runUntil(g.write("back", signal));
    expect(await clock.runUntil(s.waitForChange("machine", signal))).toMatchObject({ data: "back" });
    expect(lost).toEqual(new Set(["s PUT", "g GET", "g PUT", "s GET"]));
  });

  it("is expired where its last request ran out of time", async () => {
    const { clock, rendezvous, session } = await overMemory(5000);
    const never = new Promise<"after">(() => undefined);
    rendezvous.fault = () => (clock.now() > 3500 ? never : undefined);
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(clock.now()).toBe(5000);
  });

  it("fails by the network where that was so before its time was over", async () => {
    const { clock, rendezvous, session } = await overMemory(60_000);
    rendezvous.fault = () => "before";
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "network_error", kind: "network" });
    expect(clock.now()).toBeLessThanOrEqual(10_000);
  });

  it("refuses an answer that is larger than any of a rendezvous", async () => {
    const { clock, rendezvous, session } = await overMemory(60_000);
    rendezvous.fault = () => answer(200, { data: "x".repeat(65_536), sequence_token: "t", expires_in_ms: 1 });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "server_error", kind: "network" });
    expect(failure.message).toContain("too large");
  });
});

async function overMemory(lifetimeMs: number) {
  const clock = new FakeClock();
  const rendezvous = new MemoryRendezvous(clock, { lifetimeMs });
  const session = await Msc4388Session.create(rendezvous.api("g"), clock, undefined, signal);
  return { clock, rendezvous, session };
}
