import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/foundation/clock.js";
import { Secret } from "../../../src/foundation/secret.js";
import { createHttpClient } from "../../../src/network/http-client.js";
import { failureOf } from "../../support/failures.js";
import { answer, FakeTransport } from "../../support/fake-transport.js";
import { type HttpClientAtHand, httpClient, refused } from "../../support/http-client.js";
import { serve } from "../../support/local-server.js";
import { localUrlPolicy } from "../../support/local-url-policy.js";

let trace: HttpClientAtHand["trace"];
let send: HttpClientAtHand["send"];

beforeEach(() => {
  ({ trace, send } = httpClient());
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
    expect((await failureOf(() => send(transport, { followRedirects: true }))).code).toBe("server_error");
    expect(transport.requests).toHaveLength(6);
  });

  it.each([
    "http://other.example/",
    "http://localhost/",
    "https://me:pw@other.example/",
    "file:///etc/passwd",
  ])("to %s are refused", async (location) => {
    const transport = new FakeTransport(to(location));
    expect((await failureOf(() => send(transport, { followRedirects: true }))).code).toBe("url_refused");
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
    const failure = await failureOf(() => send(transport, { url: new URL("http://hs.example/") }));
    expect(failure.code).toBe("url_refused");
    expect(transport.requests).toHaveLength(0);
  });

  it("names the host and what happened in one sentence", async () => {
    expect((await failureOf(() => send(new FakeTransport(refused)))).message).toBe(
      "hs.example can't be reached: connection refused.",
    );
    expect((await failureOf(() => send(new FakeTransport(answer(503))))).message).toBe(
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
