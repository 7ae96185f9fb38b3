import { beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../../src/foundation/secret.js";
import type { HttpRequest } from "../../../src/network/http.js";
import { BodyTooLarge, TransportError } from "../../../src/network/transport.js";
import { failureOf } from "../../support/failures.js";
import { answer, FakeTransport } from "../../support/fake-transport.js";
import { type HttpClientAtHand, httpClient, refused } from "../../support/http-client.js";

const reset = new TransportError("the connection broke", { mayHaveBeenSent: true });
const unknownHost = new TransportError("there is no such host", {
  mayHaveBeenSent: false,
  worthRepeating: false,
});

let clock: HttpClientAtHand["clock"];
let trace: HttpClientAtHand["trace"];
let client: HttpClientAtHand["client"];
let send: HttpClientAtHand["send"];

beforeEach(() => {
  ({ clock, trace, client, send } = httpClient());
});

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
    await failureOf(() => send(new FakeTransport(refused)));
    expect(trace.map(({ at }) => at.getTime() - Date.UTC(2026, 0, 1))).toEqual([
      0, 250, 750, 1750, 3750, 5750, 7750, 9750,
    ]);
    expect(trace.map(({ tries }) => tries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("for ten seconds, counted from the first bad answer", async () => {
    const transport = new FakeTransport("hang", answer(500));
    const failure = await failureOf(() => send(transport));
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
    expect((await failureOf(() => send(new FakeTransport("hang"), { deadline: 3_000 }))).code).toBe(
      "network_error",
    );
    expect(clock.now()).toBe(3_000);
  });

  it("not where the pause would end after the deadline", async () => {
    const transport = new FakeTransport(refused);
    await failureOf(() => send(transport, { deadline: 500 }));
    expect(transport.requests).toHaveLength(2);
    expect(clock.now()).toBe(250);
  });

  it("not after a pause that lasts too long on a busy machine, and says what was answered before it", async () => {
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => sleep(ms === 250 ? 11_000 : ms, signal);
    const transport = new FakeTransport(answer(500), answer(200));
    expect((await failureOf(() => send(transport))).code).toBe("server_error");
    expect(transport.requests).toHaveLength(1);
  });

  it("no request whose deadline is over, and sends none", async () => {
    const transport = new FakeTransport(answer(200));
    await clock.advance(10);
    expect((await failureOf(() => send(transport, { deadline: 10 }))).code).toBe("network_error");
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
    expect((await failureOf(() => send(transport))).code).toBe("server_error");
    expect(transport.requests).toHaveLength(1);
  });

  it("no lookup of a name that was never found, but one of a host that was reached before", async () => {
    const transport = new FakeTransport(unknownHost, answer(200), unknownHost, answer(200));
    const http = client(transport);
    const request: HttpRequest = { method: "GET", url: new URL("https://hs.example/") };
    expect((await failureOf(() => http.send(request))).message).toBe(
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
