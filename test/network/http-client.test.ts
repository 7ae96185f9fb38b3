import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import type { HttpRequest } from "../../src/network/http.js";
import { createHttpClient, RepeatingHttpClient } from "../../src/network/http-client.js";
import type { TraceEntry } from "../../src/network/trace.js";
import { BodyTooLarge, TransportError } from "../../src/network/transport.js";
import { FakeClock, settle } from "../support/fake-clock.js";
import { answer, FakeTransport } from "../support/fake-transport.js";
import { serve } from "../support/local-server.js";
import { localUrlPolicy } from "../support/local-url-policy.js";

const reset = new TransportError("the connection broke", { mayHaveBeenSent: true });
const refused = new TransportError("connection refused", { mayHaveBeenSent: false });
const unknownHost = new TransportError("there is no such host", {
  mayHaveBeenSent: false,
  worthRepeating: false,
});

let clock: FakeClock;
let trace: TraceEntry[];
beforeEach(() => {
  clock = new FakeClock();
  trace = [];
});

function client(transport: FakeTransport) {
  return new RepeatingHttpClient({
    clock,
    urlPolicy: localUrlPolicy(),
    userAgent: "test/1",
    transport: transport.send,
    trace: (entry) => trace.push(entry),
    close: async () => {},
  });
}

function send(transport: FakeTransport, request: Partial<HttpRequest> = {}) {
  const sent = client(transport).send({ method: "GET", url: new URL("https://hs.example/path"), ...request });
  return clock.runUntil(sent);
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, not ${String(error)}`);
  return error;
}

describe("the HTTP client repeats", () => {
  it.each([
    ["a lost answer", reset],
    ["a refused connection", refused],
    ["a 500", answer(500)],
    ["a 503", answer(503, "<html>")],
    ["a 429", answer(429)],
    ["a success that is no JSON", answer(200, "<html>")],
    ["a success cut in two", answer(200, '{"a":')],
  ])("after %s", async (_what, problem) => {
    const transport = new FakeTransport(problem, problem, answer(200, { a: 1 }));
    const response = await send(transport);
    expect(response.json).toEqual({ a: 1 });
    expect(transport.requests).toHaveLength(3);
  });

  it("with the same method, headers and body each time", async () => {
    const transport = new FakeTransport(reset, answer(200));
    await send(transport, {
      method: "PUT",
      body: "same",
      headers: { "x-a": "b" },
      accessToken: new Secret("token"),
    });
    const [first, second] = transport.requests.map(({ signal: _, ...rest }) => rest);
    expect(second).toEqual(first);
    expect(first).toMatchObject({
      method: "PUT",
      body: "same",
      headers: { "x-a": "b", authorization: "Bearer token", "user-agent": "test/1" },
    });
  });

  it("after a quarter of a second, then twice as long each time, up to two seconds", async () => {
    await failureOf(send(new FakeTransport(refused)));
    expect(trace.map(({ at }) => at.getTime() - Date.UTC(2026, 0, 1))).toEqual([
      0, 250, 750, 1750, 3750, 5750, 7750, 9750,
    ]);
    expect(trace.map(({ tries }) => tries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("for ten seconds, counted from the first bad answer", async () => {
    const transport = new FakeTransport("hang", answer(500));
    const failure = await failureOf(send(transport));
    expect(failure.code).toBe("server_error");
    expect(clock.now()).toBeGreaterThan(19_000);
    expect(clock.now()).toBeLessThanOrEqual(20_000);
  });

  it("a try that is not answered within ten seconds", async () => {
    const response = await send(new FakeTransport("hang", answer(200)));
    expect(response.repeatedAfterLoss).toBe(true);
    expect(clock.now()).toBe(10_250);
  });

  it("never past the deadline, and cuts a hanging try there", async () => {
    expect((await failureOf(send(new FakeTransport("hang"), { deadline: 3_000 }))).code).toBe(
      "network_error",
    );
    expect(clock.now()).toBe(3_000);
  });

  it("not where the pause would end after the deadline", async () => {
    const transport = new FakeTransport(refused);
    await failureOf(send(transport, { deadline: 500 }));
    expect(transport.requests).toHaveLength(2);
    expect(clock.now()).toBe(250);
  });

  it("not after a pause that lasts too long on a busy machine, and says what was answered before it", async () => {
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => sleep(ms === 250 ? 11_000 : ms, signal);
    const transport = new FakeTransport(answer(500), answer(200));
    expect((await failureOf(send(transport))).code).toBe("server_error");
    expect(transport.requests).toHaveLength(1);
  });

  it("no request whose deadline is over, and sends none", async () => {
    const transport = new FakeTransport(answer(200));
    await clock.advance(10);
    expect((await failureOf(send(transport, { deadline: 10 }))).code).toBe("network_error");
    expect(transport.requests).toHaveLength(0);
  });

  it.each([200, 204, 301, 400, 401, 403, 404, 409, 412])("no answer with status %i", async (status) => {
    const transport = new FakeTransport(answer(status));
    expect((await send(transport)).status).toBe(status);
    expect(transport.requests).toHaveLength(1);
  });

  it("no error whose body isn't JSON: its status says enough", async () => {
    const response = await send(new FakeTransport(answer(404, "<html>not found")));
    expect(response).toMatchObject({ status: 404, json: undefined, text: "<html>not found" });
  });

  it("no success without JSON where none is expected", async () => {
    const response = await send(new FakeTransport(answer(200, "plain")), { expectJson: false });
    expect(response.text).toBe("plain");
  });

  it("no status that the request calls final", async () => {
    const transport = new FakeTransport(answer(429));
    expect((await send(transport, { final: [429] })).status).toBe(429);
    expect(transport.requests).toHaveLength(1);
  });

  it("no whole text that isn't JSON where such a one is final, but one that was cut off", async () => {
    const page = new FakeTransport(answer(200, "<html>"));
    expect((await send(page, { final: ["text"] })).text).toBe("<html>");
    expect(page.requests).toHaveLength(1);
    const cut = new FakeTransport(answer(200, '{"a":'), answer(200, { a: 1 }));
    expect((await send(cut, { final: ["text"] })).json).toEqual({ a: 1 });
  });

  it("no answer that is too large", async () => {
    const transport = new FakeTransport(new BodyTooLarge());
    expect((await failureOf(send(transport))).code).toBe("server_error");
    expect(transport.requests).toHaveLength(1);
  });

  it("no lookup of a name that was never found, but one of a host that was reached before", async () => {
    const transport = new FakeTransport(unknownHost, answer(200), unknownHost, answer(200));
    const http = client(transport);
    const request: HttpRequest = { method: "GET", url: new URL("https://hs.example/") };
    expect((await failureOf(http.send(request))).message).toBe(
      "hs.example can't be reached: there is no such host.",
    );
    await http.send(request);
    expect((await clock.runUntil(http.send(request))).status).toBe(200);
  });
});

describe("the HTTP client says that an earlier try may have been acted on", () => {
  it.each([
    ["a lost answer", reset, true],
    ["an unreadable answer", answer(200, "{"), true],
    ["a 502", answer(502), true],
    ["a refused connection", refused, false],
    ["a 429", answer(429), false],
  ])("after %s: %j", async (_what, problem, expected) => {
    const response = await send(new FakeTransport(problem, answer(200)));
    expect(response.repeatedAfterLoss).toBe(expected);
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
    expect((await failureOf(send(transport))).code).toBe("server_error");
    expect(clock.now()).toBe(0);
  });

  it("and says until when, where it gives up", async () => {
    const { message, hint } = await failureOf(send(later({ "retry-after": "30" })));
    expect(message).toBe(
      "hs.example limits how often it is asked, and takes no more requests for now (429).",
    );
    const until = new Date(clock.date().getTime() + 30_000).toTimeString().slice(0, 8);
    expect(hint).toBe(`It asks to be left alone for 30 s: try again at ${until}.`);
  });

  it("and names no time for a wait without an end", async () => {
    const { hint } = await failureOf(send(later({ "retry-after": "9".repeat(400) })));
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
    expect(await failureOf(sent)).toBe(reason);
    expect(transport.requests).toHaveLength(1);
  });

  it("before the first try", async () => {
    const transport = new FakeTransport(answer(200));
    const reason = new Failure("timed_out");
    expect(await failureOf(send(transport, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(transport.requests).toHaveLength(0);
  });
});

describe("redirects", () => {
  const to = (location: string) => answer(302, {}, { location });

  it("are just an answer by default", async () => {
    const transport = new FakeTransport(to("https://other.example/"));
    expect((await send(transport)).status).toBe(302);
    expect(transport.requests).toHaveLength(1);
  });

  it("are followed where that was asked for, relative ones too", async () => {
    const transport = new FakeTransport(to("/b"), to("https://other.example/c"), answer(200, { a: 1 }));
    expect((await send(transport, { followRedirects: true })).json).toEqual({ a: 1 });
    expect(transport.requests.map(({ url }) => url.href)).toEqual([
      "https://hs.example/path",
      "https://hs.example/b",
      "https://other.example/c",
    ]);
  });

  it("are followed five times at most", async () => {
    const transport = new FakeTransport(to("/again"));
    expect((await failureOf(send(transport, { followRedirects: true }))).code).toBe("server_error");
    expect(transport.requests).toHaveLength(6);
  });

  it.each([
    "http://other.example/",
    "http://localhost/",
    "https://me:pw@other.example/",
    "file:///etc/passwd",
  ])("to %s are refused", async (location) => {
    const transport = new FakeTransport(to(location));
    expect((await failureOf(send(transport, { followRedirects: true }))).code).toBe("url_refused");
    expect(transport.requests).toHaveLength(1);
  });

  it("don't carry the access token to another origin", async () => {
    const transport = new FakeTransport(to("/b"), to("https://other.example/"), answer(200));
    await send(transport, { followRedirects: true, accessToken: new Secret("secret") });
    expect(transport.requests.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer secret",
      "Bearer secret",
      undefined,
    ]);
  });
});

describe("the HTTP client", () => {
  it("sends nothing to a URL that the policy refuses", async () => {
    const transport = new FakeTransport(answer(200));
    const failure = await failureOf(send(transport, { url: new URL("http://hs.example/") }));
    expect(failure.code).toBe("url_refused");
    expect(transport.requests).toHaveLength(0);
  });

  it("names the host and what happened in one sentence", async () => {
    expect((await failureOf(send(new FakeTransport(refused)))).message).toBe(
      "hs.example can't be reached: connection refused.",
    );
    expect((await failureOf(send(new FakeTransport(answer(503))))).message).toBe(
      "hs.example answers /path with 503.",
    );
  });

  it("traces each try", async () => {
    await send(new FakeTransport(refused, answer(200, { a: 1 })), { method: "POST", body: "€" });
    expect(trace).toMatchObject([
      { method: "POST", tries: 1, error: "connection refused", sentBytes: 3 },
      { method: "POST", tries: 2, status: 200, receivedBytes: 7 },
    ]);
  });
});

describe("createHttpClient", () => {
  it("sends over real sockets", async () => {
    const url = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const http = createHttpClient({
      clock: systemClock,
      env: {},
      urlPolicy: localUrlPolicy(),
      userAgent: "test/1",
    });
    const response = await http.send({ method: "GET", url, accessToken: new Secret("token") });
    expect(response.json).toMatchObject({ "user-agent": "test/1", authorization: "Bearer token" });
    await http.close();
  });

  it("closes without having sent anything", async () => {
    const http = createHttpClient({
      clock: systemClock,
      env: {},
      urlPolicy: localUrlPolicy(),
      userAgent: "test/1",
    });
    await expect(http.close()).resolves.toBeUndefined();
  });
});
