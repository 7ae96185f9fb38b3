import { describe, expect, it } from "vitest";
import type { HttpClient, HttpRequest, HttpResponse } from "../../src/network/http.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { Msc4108Session } from "../../src/rendezvous/msc4108-2024-session.js";
import { FakeClock } from "../support/fake-clock.js";
import { lookSoon } from "../support/memory-rendezvous.js";

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly repeatedAfterLoss?: boolean;
}

const BASE_URL = new URL("https://matrix.example.org/");
const SESSION_URL = "https://rendezvous.example.org/abc";
const DATE = "Wed, 07 Sep 2022 14:27:51 GMT";
const ONE_MINUTE_LATER = "Wed, 07 Sep 2022 14:28:51 GMT";
const HEADERS = { etag: '"one"', date: DATE, expires: ONE_MINUTE_LATER };
const CREATED = { status: 201, headers: HEADERS, text: JSON.stringify({ url: SESSION_URL }) };

/** Answers with these replies, in their order. */
function scripted(...replies: Reply[]) {
  const requests: HttpRequest[] = [];
  const http: HttpClient = {
    async send(request): Promise<HttpResponse> {
      requests.push(request);
      const reply = replies.shift();
      if (!reply) throw new Error("There is no reply left.");
      const { status, headers = {}, text = "", repeatedAfterLoss = false } = reply;
      return {
        status,
        text,
        repeatedAfterLoss,
        header: (name) => headers[name],
        json: text.startsWith("{") ? JSON.parse(text) : undefined,
      };
    },
    close: async () => undefined,
  };
  const clock = new FakeClock();
  const { signal } = new AbortController();
  return { network: { http, clock, urlPolicy: createUrlPolicy([]) }, clock, requests, signal };
}

async function created(...replies: Reply[]) {
  const world = scripted(CREATED, ...replies);
  const session = await Msc4108Session.create(world.network, BASE_URL, world.signal);
  if (!session) throw new Error("No session was made.");
  lookSoon(session, world.clock);
  return { ...world, session };
}

describe("making a session of the 2024 version", () => {
  it("posts plain text to the unstable path", async () => {
    const { session, requests } = await created();
    expect(session.url.href).toBe(SESSION_URL);
    expect(requests[0]).toMatchObject({
      method: "POST",
      body: "",
      headers: { "Content-Type": "text/plain" },
    });
    expect(requests[0]?.url.pathname).toBe("/_matrix/client/unstable/org.matrix.msc4108/rendezvous");
  });

  it("goes where a 307 points", async () => {
    const location = "https://rendezvous.example.org/new";
    const world = scripted({ status: 307, headers: { location } }, CREATED);
    await Msc4108Session.create(world.network, BASE_URL, world.signal);
    expect(world.requests.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
      "POST https://matrix.example.org/_matrix/client/unstable/org.matrix.msc4108/rendezvous",
      `POST ${location}`,
    ]);
  });

  it("follows no redirect to plain http, and none in a circle", async () => {
    const insecure = scripted({ status: 307, headers: { location: "http://rendezvous.example.org/" } });
    await expect(Msc4108Session.create(insecure.network, BASE_URL, insecure.signal)).rejects.toMatchObject({
      code: "url_refused",
    });
    const circle = scripted(...Array(9).fill({ status: 307, headers: { location: BASE_URL.href } }));
    await expect(Msc4108Session.create(circle.network, BASE_URL, circle.signal)).rejects.toMatchObject({
      code: "server_error",
    });
  });

  it("refuses a session URL that is not https", async () => {
    const text = JSON.stringify({ url: "http://rendezvous.example.org/abc" });
    const world = scripted({ ...CREATED, text });
    await expect(Msc4108Session.create(world.network, BASE_URL, world.signal)).rejects.toMatchObject({
      code: "url_refused",
    });
  });

  it.each([403, 404])("is told by %i that the server has none", async (status) => {
    const world = scripted({ status });
    expect(await Msc4108Session.create(world.network, BASE_URL, world.signal)).toBeUndefined();
  });

  it.each([
    ["weakens", 'W/"one"'],
    ["removes", ""],
  ])("says so when a proxy %s ETags", async (_what, etag) => {
    const world = scripted({ ...CREATED, headers: { ...HEADERS, etag } });
    const failure = Msc4108Session.create(world.network, BASE_URL, world.signal);
    await expect(failure).rejects.toMatchObject({
      code: "server_error",
      message: "A proxy in front of rendezvous.example.org removes or changes ETag headers.",
    });
  });
});

describe("how long a session of the 2024 version lives", () => {
  it("is what Expires says, by the clock of Date and not by ours", async () => {
    const { session } = await created();
    expect(session.expiresAt).toBe(60_000);
  });

  it("is taken to be a minute where the server doesn't say by which clock", async () => {
    const { network, signal } = scripted({ ...CREATED, headers: { etag: '"one"', expires: DATE } });
    const session = await Msc4108Session.create(network, BASE_URL, signal);
    expect(session?.expiresAt).toBe(60_000);
  });

  it("grows with every write", async () => {
    const { session, clock, signal } = await created({ status: 202, headers: { ...HEADERS, etag: '"two"' } });
    await clock.advance(20_000);
    await session.write("data", signal);
    expect(session.expiresAt).toBe(80_000);
  });
});

describe("writing to a session of the 2024 version", () => {
  it("names the ETag that was seen last, as it came", async () => {
    const { session, requests, signal } = await created({ status: 202, headers: { etag: '"two"' } });
    await session.write("data", signal);
    expect(requests[1]).toMatchObject({ method: "PUT", body: "data", headers: { "If-Match": '"one"' } });
  });

  it("takes its own data for written when the answer was lost", async () => {
    const { session, requests, signal } = await created(
      { status: 412, repeatedAfterLoss: true },
      { status: 200, headers: { etag: '"two"' }, text: "data" },
      { status: 202, headers: { etag: '"three"' } },
    );
    expect(await session.write("data", signal)).toEqual({ written: true });
    await session.write("more", signal);
    expect(requests[3]?.headers?.["If-Match"]).toBe('"two"');
  });

  it("finds the reply to data whose answer was lost, as the next change", async () => {
    const reply = { status: 200, headers: { etag: '"three"' }, text: "reply" };
    const { session, signal } = await created({ status: 412, repeatedAfterLoss: true }, reply, reply);
    expect(await session.write("data", signal)).toEqual({ written: true });
    expect((await session.waitForChange("machine", signal)).data).toBe("reply");
  });

  it("tells that somebody else has written", async () => {
    const { session, signal } = await created(
      { status: 412 },
      { status: 200, headers: { etag: '"two"' }, text: "theirs" },
    );
    expect(await session.write("data", signal)).toMatchObject({ written: false, found: { data: "theirs" } });
  });

  it("can't know who has read it where the session is gone after a lost answer", async () => {
    const { session, signal } = await created({ status: 404, repeatedAfterLoss: true });
    await expect(session.write("data", signal)).rejects.toMatchObject({ code: "delivery_unknown" });
  });

  it("can't know it either where the session is gone when it looks what is there", async () => {
    const { session, signal } = await created({ status: 412, repeatedAfterLoss: true }, { status: 404 });
    await expect(session.write("data", signal)).rejects.toMatchObject({ code: "delivery_unknown" });
  });

  it("says so when a proxy changes If-Match, and nobody has written at all", async () => {
    const { session, signal } = await created(
      { status: 412 },
      { status: 200, headers: { etag: '"one"' }, text: "" },
    );
    await expect(session.write("data", signal)).rejects.toMatchObject({ code: "server_error" });
  });
});

describe("polling a session of the 2024 version", () => {
  it("asks for what has another ETag, at its pace", async () => {
    const { session, clock, requests, signal } = await created(
      { status: 304, headers: HEADERS },
      { status: 304, headers: HEADERS },
      { status: 200, headers: { ...HEADERS, etag: '"two"' }, text: "data" },
    );
    const started = clock.now();
    const received = await clock.runUntil(session.waitForChange("person", signal));
    expect(received).toEqual({ data: "data", sealedWith: [new Uint8Array()] });
    expect(clock.now() - started).toBe(381);
    expect(requests[1]?.headers).toEqual({ "If-None-Match": '"one"' });
  });

  it("takes a 200 with the ETag it has for no change: some servers know no 304", async () => {
    const same = { status: 200, headers: HEADERS, text: "" };
    const change = { status: 200, headers: { ...HEADERS, etag: '"two"' }, text: "data" };
    const { session, clock, signal } = await created(same, change);
    expect((await clock.runUntil(session.waitForChange("machine", signal))).data).toBe("data");
  });

  const page = { status: 200, headers: { ...HEADERS, etag: '"page"' }, text: "<html>" };
  const withoutTag = { status: 200, headers: {}, text: "data" };
  const change = { status: 200, headers: { ...HEADERS, etag: '"two"' }, text: "data" };

  it.each([
    ["a page", page],
    ["an answer without an ETag", withoutTag],
  ])("looks twice where there is %s for once", async (_what, spoilt) => {
    const { session, clock, signal } = await created(spoilt, change);
    expect((await clock.runUntil(session.waitForChange("machine", signal))).data).toBe("data");
  });

  it("takes what is there twice for what it is", async () => {
    const { session, clock, signal } = await created(page, page);
    expect((await clock.runUntil(session.waitForChange("machine", signal))).data).toBe("<html>");
    const other = await created(withoutTag, withoutTag);
    const waiting = other.session.waitForChange("machine", other.signal);
    await expect(other.clock.runUntil(waiting)).rejects.toMatchObject({ code: "server_error" });
  });

  it("ends with the session", async () => {
    const { session, clock, signal } = await created({ status: 404 });
    await expect(clock.runUntil(session.waitForChange("person", signal))).rejects.toMatchObject({
      code: "rendezvous_gone",
    });
    await clock.advance(60_000);
    await expect(session.waitForChange("person", signal)).rejects.toMatchObject({
      code: "rendezvous_expired",
    });
  });
});

describe("a server of the 2024 version that limits the rate", () => {
  const limited = { status: 429, text: '{"errcode":"M_LIMIT_EXCEEDED"}' };

  it("has no news for a poll by a 429, and is asked again after a longer pause", async () => {
    const { session, requests, clock, signal } = await created(
      { ...limited, headers: { "retry-after": "3" } },
      limited,
      { status: 200, headers: { etag: '"two"' }, text: "hello" },
    );
    const received = await clock.runUntil(session.waitForChange("machine", signal));
    expect(received.data).toBe("hello");
    expect(clock.now()).toBe(5125);
    expect(requests.at(-1)).toMatchObject({ final: [429], headers: { "If-None-Match": '"one"' } });
  });

  it("ends the wait for a receipt no sooner", async () => {
    const { session, clock, signal } = await created(limited, { status: 404 });
    await clock.runUntil(session.waitUntilGone(signal));
    expect(clock.now()).toBe(1125);
  });
});
