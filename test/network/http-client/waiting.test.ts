import { beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../../src/foundation/clock.js";
import { Failure } from "../../../src/foundation/failures.js";
import { RepeatingHttpClient } from "../../../src/network/http-client.js";
import { failureOf } from "../../support/failures.js";
import { settle } from "../../support/fake-clock.js";
import { answer, FakeTransport } from "../../support/fake-transport.js";
import { type HttpClientAtHand, httpClient, refused } from "../../support/http-client.js";
import { localUrlPolicy } from "../../support/local-url-policy.js";

let clock: HttpClientAtHand["clock"];
let client: HttpClientAtHand["client"];
let send: HttpClientAtHand["send"];

beforeEach(() => {
  ({ clock, client, send } = httpClient());
});

describe("a process that was halted while it waited", () => {
  it("reads what came meanwhile before it makes anything of the time", async () => {
    const come: (() => void)[] = [];
    const transport = new FakeTransport();
    const answered = new Promise<void>((resolve) => come.push(resolve));
    const http = new RepeatingHttpClient({
      clock: haltedFor(60_000),
      ...{ urlPolicy: localUrlPolicy(), userAgent: "test/1", close: async () => {} },
      transport: async (request) => {
        transport.requests.push(request);
        await answered;
        request.signal.throwIfAborted();
        return answer(200, { ok: true });
      },
    });
    const sent = http.send({ method: "GET", url: new URL("https://hs.example/") });
    await settle();
    for (const arrive of come) arrive();
    expect((await clock.runUntil(sent)).json).toEqual({ ok: true });
    expect(transport.requests).toHaveLength(1);
  });
});

describe("the HTTP client waits as the server asks", () => {
  const later = (headers: Record<string, string>, body: unknown = {}) =>
    new FakeTransport(answer(429, body, headers), answer(200));

  it("by Retry-After in seconds", async () => {
    await send(later({ "retry-after": "3" }));
    expect(clock.now()).toBe(3_000);
  });

  it("by Retry-After as a date, counted on the server's own clock", async () => {
    await send(
      later({ date: "Mon, 01 Jan 2001 00:00:00 GMT", "retry-after": "Mon, 01 Jan 2001 00:00:04 GMT" }),
    );
    expect(clock.now()).toBe(4_000);
  });

  it("by retry_after_ms", async () => {
    await send(later({}, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 1_234 }));
    expect(clock.now()).toBe(1_234);
  });

  it("but gives up at once where that is longer than it may repeat", async () => {
    const transport = later({ "retry-after": "30" });
    expect((await failureOf(() => send(transport))).code).toBe("server_error");
    expect(clock.now()).toBe(0);
  });

  it("and says until when, where it gives up", async () => {
    const { message, hint } = await failureOf(() => send(later({ "retry-after": "30" })));
    expect(message).toBe(
      "hs.example limits how often it is asked, and takes no more requests for now (429).",
    );
    const until = new Date(clock.date().getTime() + 30_000).toTimeString().slice(0, 8);
    expect(hint).toBe(`It asks to be left alone for 30 s: try again at ${until}.`);
  });

  it("and names no time for a wait without an end", async () => {
    const { hint } = await failureOf(() => send(later({ "retry-after": "9".repeat(400) })));
    expect(hint).toBe("It asks to be left alone for more than a day.");
  });

  it("and takes nonsense for nothing", async () => {
    await send(later({ "retry-after": "soon" }, { retry_after_ms: "x" }));
    expect(clock.now()).toBe(250);
  });
});

describe("the HTTP client stops when it is told to", () => {
  it.each([
    ["in a pause", new FakeTransport(refused)],
    ["in a try", new FakeTransport("hang")],
  ])("%s, with the signal's reason", async (_when, transport) => {
    const abort = new AbortController();
    const reason = new Failure("interrupted");
    const sent = client(transport).send({
      method: "GET",
      url: new URL("https://hs.example/"),
      signal: abort.signal,
    });
    await settle();
    abort.abort(reason);
    expect(await failureOf(() => sent)).toBe(reason);
    expect(transport.requests).toHaveLength(1);
  });

  it("before the first try", async () => {
    const transport = new FakeTransport(answer(200));
    const reason = new Failure("timed_out");
    expect(await failureOf(() => send(transport, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(transport.requests).toHaveLength(0);
  });
});

/** A clock whose first sleeper is woken at once, and much too late. */
function haltedFor(ms: number): Clock {
  let late = 0;
  return {
    now: () => clock.now() + late,
    date: () => clock.date(),
    async sleep(pause, signal) {
      if (late > 0) return clock.sleep(pause, signal);
      late = ms;
    },
  };
}
