import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, type RequestOptions, request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { FakeClock } from "../support/fake-clock.js";
import { serve } from "../support/local-server.js";
import { type ProxyUnderTest, plainSession, startProxy } from "../support/session-proxy.js";

const MIB = 1024 * 1024;
const VERSIONS = "/_matrix/client/versions";

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A proxy before a homeserver that answers like that. */
async function proxyOf(answer: Answer, basePath = ""): Promise<ProxyUnderTest> {
  const upstream = await serve(async (incoming, response) => {
    if (incoming.url === `${basePath}${VERSIONS}`) return response.end('{"versions":[]}');
    await answer(incoming, response);
  });
  upstream.pathname = basePath;
  return startProxy(plainSession(upstream), { clock: new FakeClock() });
}

/** One request, with nothing added or taken away by a client. */
function send(proxy: ProxyUnderTest, options: RequestOptions) {
  const sent = request({
    host: proxy.baseUrl.hostname,
    port: proxy.baseUrl.port,
    ...options,
    headers: { authorization: `Bearer ${proxy.token}`, ...options.headers },
  });
  // What the proxy makes of a connection that breaks is for the tests to see.
  sent.on("error", () => undefined);
  return sent;
}

async function answerTo(proxy: ProxyUnderTest, options: RequestOptions, body?: Buffer) {
  const sent = send(proxy, options);
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { response, body: await buffer(response) };
}

describe("what passes as it is", () => {
  it("are the bytes of a path, behind the base URL's own", async () => {
    const seen: (string | undefined)[] = [];
    const proxy = await proxyOf((incoming, response) => {
      seen.push(incoming.url);
      response.end();
    }, "/under");
    const path = "/_matrix/client/v3/rooms/!a%2Fb:c/send/m.x/%E2%82%AC+~'?a=%2F&b&c=%zz";
    await answerTo(proxy, { path });
    expect(seen).toEqual([`/under${path}`]);
  });

  it("are headers, but for those of the connection and the server's CORS", async () => {
    let seen: readonly string[] = [];
    const proxy = await proxyOf((incoming, response) => {
      seen = incoming.rawHeaders;
      response.writeHead(200, [
        ...["X-One", "1", "X-One", "2", "Access-Control-Allow-Origin", "*"],
        ...["Connection", "X-Hop", "X-Hop", "gone", "Keep-Alive", "timeout=9"],
      ]);
      response.end("{}");
    });
    const headers = {
      ...{ "X-Mine": "yes", TE: "trailers", "X-Drop": "gone", "Proxy-Authorization": "Basic eA==" },
      ...{ connection: "close, X-Drop", "Accept-Encoding": "gzip" },
    };
    const { response } = await answerTo(proxy, { path: "/_matrix/client/v3/sync", headers });
    const names = seen.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(names.sort()).toEqual(["accept-encoding", "authorization", "connection", "host", "x-mine"]);
    expect(response.headers["x-one"]).toBe("1, 2");
    expect(response.headers).not.toHaveProperty("x-hop");
    expect(response.headers).not.toHaveProperty("access-control-allow-origin");
    expect(response.headers["keep-alive"]).not.toBe("timeout=9");
  });

  it("is a compressed answer, and the status of a redirect that nobody follows", async () => {
    const zipped = gzipSync("{}");
    const proxy = await proxyOf((incoming, response) => {
      if (incoming.url?.endsWith("sync")) {
        response.writeHead(200, { "content-encoding": "gzip" });
        response.end(zipped);
      } else {
        response.writeHead(307, { location: "https://elsewhere.example/" });
        response.end();
      }
    });
    const answer = await answerTo(proxy, { path: "/_matrix/client/v3/sync" });
    expect(answer.body).toEqual(zipped);
    const redirect = await answerTo(proxy, { path: "/_matrix/media/v3/download/a/b" });
    expect([redirect.response.statusCode, redirect.response.headers.location]).toEqual([
      307,
      "https://elsewhere.example/",
    ]);
  });

  it.each([
    [200, "HEAD"],
    [204, "DELETE"],
    [404, "GET"],
    [429, "PUT"],
    [500, "POST"],
  ])("is the status %i to %s", async (status, method) => {
    const proxy = await proxyOf((_incoming, response) => {
      response.statusCode = status;
      response.end();
    });
    expect((await answerTo(proxy, { method, path: "/_matrix/client/v3/x" })).response.statusCode).toBe(
      status,
    );
  });

  it("is a 401 that isn't about the token", async () => {
    const flows = '{"flows":[{"stages":["m.login.password"]}],"session":"x"}';
    const proxy = await proxyOf((_incoming, response) => {
      response.statusCode = 401;
      response.end(gzipSync(flows));
    });
    const { response, body } = await answerTo(proxy, { method: "POST", path: "/_matrix/client/v3/x" });
    expect([response.statusCode, body]).toEqual([401, gzipSync(flows)]);
  });
});

describe("bodies of any size", () => {
  it.each([
    ["of 5 MB, with a length", 5 * MIB, false],
    ["of 5 MB, in chunks", 5 * MIB, true],
    ["of 1 MiB and a byte, in chunks", MIB + 1, true],
    ["of 1 MiB", MIB, false],
    ["of nothing, in chunks", 0, true],
  ])("an upload %s arrives whole", async (_what, size, isChunked) => {
    const sent = randomBytes(size);
    const proxy = await proxyOf(async (incoming, response) => {
      const received = await buffer(incoming);
      response.end(createHash("sha256").update(received).digest("hex"));
    });
    const headers = isChunked ? { "transfer-encoding": "chunked" } : { "content-length": size };
    const options = { method: "POST", path: "/_matrix/media/v3/upload", headers };
    const { body } = await answerTo(proxy, options, sent);
    expect(body.toString()).toBe(createHash("sha256").update(sent).digest("hex"));
  });

  it("a large upload reaches the homeserver before it has ended", async () => {
    let first: Buffer | undefined;
    const proxy = await proxyOf(async (incoming, response) => {
      [first] = (await once(incoming, "data")) as [Buffer];
      await buffer(incoming);
      response.end();
    });
    const headers = { "content-length": 2 * MIB };
    const sent = send(proxy, { method: "POST", path: "/_matrix/media/v3/upload", headers });
    sent.write(randomBytes(10));
    await vi.waitFor(() => expect(first).toHaveLength(10));
    sent.end(randomBytes(2 * MIB - 10));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
  });

  it("a download comes no faster than it is read, and whole", async () => {
    const chunk = randomBytes(64 * 1024);
    const total = 1024;
    let written = 0;
    const proxy = await proxyOf(async (_incoming, response) => {
      for (; written < total; written++) {
        if (!response.write(chunk)) await once(response, "drain");
      }
      response.end();
    });
    const sent = send(proxy, { path: "/_matrix/media/v3/download/a/b" });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.pause();
    let before = -1;
    // Until it gets no further by itself.
    await vi.waitFor(
      () => {
        const now = written;
        const isStill = now === before;
        before = now;
        expect(isStill).toBe(true);
      },
      { interval: 200 },
    );
    expect(written).toBeLessThan(total / 2);
    expect((await buffer(response)).length).toBe(total * chunk.length);
  });

  it("an answer's first bytes come before its last", async () => {
    let end = () => {};
    const proxy = await proxyOf((_incoming, response) => {
      response.write("first");
      end = () => response.end("last");
    });
    const sent = send(proxy, { path: "/_matrix/client/v3/sync" });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const [first] = await once(response, "data");
    expect(String(first)).toBe("first");
    end();
    expect(String(await buffer(response))).toBe("last");
  });
});

describe("connections", () => {
  it("are kept for the next request", async () => {
    const proxy = await proxyOf((_incoming, response) => response.end("{}"));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = [];
    for (let count = 0; count < 3; count++) {
      const { response } = await answerTo(proxy, { path: "/_matrix/client/v3/sync", agent });
      ports.push(response.socket?.localPort);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(new Set(ports).size).toBe(1);
  });

  it.each([
    ["a long poll that is given up", (socket: ReturnType<typeof connect>) => socket.destroy()],
    ["a connection that is half closed", (socket: ReturnType<typeof connect>) => socket.end()],
  ])("%s ends the homeserver's, too", async (_what, giveUp) => {
    let isAsked = false;
    let isGone = false;
    const proxy = await proxyOf((_incoming, response) => {
      isAsked = true;
      response.on("close", () => {
        isGone = true;
      });
    });
    const socket = connect(Number(proxy.baseUrl.port), proxy.baseUrl.hostname);
    const lines = ["GET /_matrix/client/v3/sync HTTP/1.1", "Host: localhost"];
    socket.write([...lines, `Authorization: Bearer ${proxy.token}`, "", ""].join("\r\n"));
    await vi.waitFor(() => expect(isAsked).toBe(true));
    expect(isGone).toBe(false);
    giveUp(socket);
    await vi.waitFor(() => expect(isGone).toBe(true));
  });

  it("an upload that breaks off leaves nothing behind", async () => {
    let isAborted = false;
    let hasBegun = false;
    const proxy = await proxyOf((incoming) => {
      incoming.on("data", () => {
        hasBegun = true;
      });
      incoming.on("error", () => {
        isAborted = true;
      });
    });
    const headers = { "content-length": 4 * MIB };
    const sent = send(proxy, { method: "POST", path: "/_matrix/media/v3/upload", headers });
    sent.write(randomBytes(MIB));
    await vi.waitFor(() => expect(hasBegun).toBe(true));
    sent.destroy();
    await vi.waitFor(() => expect(isAborted).toBe(true));
  });

  it("an answer that breaks off is not taken for whole", async () => {
    const proxy = await proxyOf((_incoming, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half");
      setImmediate(() => response.destroy());
    });
    const sent = send(proxy, { path: "/_matrix/client/v3/sync" });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    await expect(buffer(response)).rejects.toThrow("aborted");
  });

  it("an early answer to a large upload is handed on", async () => {
    const proxy = await proxyOf((_incoming, response) => {
      response.writeHead(413);
      response.end('{"errcode":"M_TOO_LARGE"}');
    });
    const headers = { "content-length": 8 * MIB };
    const sent = send(proxy, { method: "POST", path: "/_matrix/media/v3/upload", headers });
    sent.write(randomBytes(1000));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    sent.destroy();
  });
});
