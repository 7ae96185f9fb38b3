import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { BodyTooLarge, type TransportRequest } from "../../src/network/transport.js";
import { createUndiciTransport } from "../../src/network/undici-transport.js";
import { listen, serve } from "../support/local-server.js";

function send(url: URL | string, request: Partial<TransportRequest> = {}, env: Record<string, string> = {}) {
  const transport = createUndiciTransport(env);
  onTestFinished(() => transport.close());
  return transport.send({
    method: "GET",
    url: new URL(url),
    headers: {},
    maxBytes: 1_000,
    signal: new AbortController().signal,
    ...request,
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

const pem = (name: string) => readFileSync(new URL(`fixtures/${name}.pem`, import.meta.url));

describe("the undici transport", () => {
  it("sends method, path, query, headers and body, and gives status, headers and body", async () => {
    const url = await serve(async (request, response) => {
      const { method, url: path, headers } = request;
      const seen = { method, path, x: headers["x-a"], body: await bodyOf(request) };
      response.writeHead(201, { ETag: '"1"' }).end(JSON.stringify(seen));
    });
    const answer = await send(new URL("/a%2Fb+c?d=e", url), {
      method: "PUT",
      headers: { "x-a": "1" },
      body: "€",
    });
    expect(answer.status).toBe(201);
    expect(answer.headers["etag"]).toBe('"1"');
    expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual({
      method: "PUT",
      path: "/a%2Fb+c?d=e",
      x: "1",
      body: "€",
    });
  });

  it("sends no Sec-Fetch headers, which Synapse takes for a browser's navigation", async () => {
    const url = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const answer = await send(url);
    expect(Buffer.from(answer.body).toString()).not.toContain("sec-fetch");
  });

  it("stops reading a body that is too large, though it never ends", async () => {
    const url = await serve((_, response) => {
      const timer = setInterval(() => response.write("x".repeat(500)), 1);
      response.on("close", () => clearInterval(timer));
    });
    await expect(send(url)).rejects.toBeInstanceOf(BodyTooLarge);
  });

  it("reads a body of exactly the largest size", async () => {
    const url = await serve((_, response) => response.end("x".repeat(1_000)));
    expect((await send(url)).body).toHaveLength(1_000);
  });

  it.each<[string, (text: string) => Uint8Array]>([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["identity", Buffer.from],
    ["deflate, GZIP", (text) => gzipSync(deflateSync(text))],
  ])("takes off the content coding %s, which nobody asked for", async (coding, encode) => {
    const url = await serve((_, response) =>
      response.writeHead(200, { "content-encoding": coding }).end(encode("text")),
    );
    expect(Buffer.from((await send(url)).body).toString()).toBe("text");
  });

  it("reads no more of a compressed answer than of another", async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(1_001))),
    );
    await expect(send(url)).rejects.toBeInstanceOf(BodyTooLarge);
  });

  it.each([
    ["zstd", "it answers in a coding that is not understood here (zstd)"],
    ["gzip", "it answers what can't be decompressed"],
  ])("says that an answer in %s can't be decoded", async (coding, message) => {
    const url = await serve((_, response) =>
      response.writeHead(200, { "content-encoding": coding }).end("not that"),
    );
    await expect(send(url)).rejects.toMatchObject({ message, mayHaveBeenSent: true });
  });

  it("takes an answer without a body as it is, whatever coding it names", async () => {
    const url = await serve((_, response) => response.writeHead(204, { "content-encoding": "gzip" }).end());
    expect((await send(url)).body).toHaveLength(0);
  });

  it("says that a cut answer may belong to a request that was acted on", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setImmediate(() => response.destroy());
    });
    await expect(send(url)).rejects.toMatchObject({ message: "the connection broke", mayHaveBeenSent: true });
  });

  it("says that a refused connection saw nothing of the request", async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    await expect(send(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      message: "connection refused",
      mayHaveBeenSent: false,
      worthRepeating: true,
    });
  });

  it("says that there is no such host", async () => {
    await expect(send("https://nowhere.invalid/")).rejects.toMatchObject({ mayHaveBeenSent: false });
  });

  it("names a self-signed certificate, and what to do about it", async () => {
    const server = createTlsServer({ key: pem("self-signed-key"), cert: pem("self-signed-cert") });
    const port = await listen(server);
    await expect(send(`https://localhost:${port}/`)).rejects.toMatchObject({
      message: "its certificate is self-signed",
      hint: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
      worthRepeating: false,
    });
  });

  it("says that a server speaks no TLS", async () => {
    const { port } = await serve((_, response) => response.end());
    await expect(send(`https://localhost:${port}/`)).rejects.toMatchObject({
      message: "it doesn't speak TLS, or no version that is understood here",
    });
  });

  it("opens a connection for a request that is to have its own, and closes it", async () => {
    const server = createServer((request, response) => response.end(String(request.socket.remotePort)));
    const closed: number[] = [];
    server.on("connection", (socket) => {
      const { remotePort = 0 } = socket;
      socket.on("close", () => closed.push(remotePort));
    });
    const url = new URL(`http://127.0.0.1:${await listen(server)}/`);
    const transport = createUndiciTransport({});
    onTestFinished(() => transport.close());
    const portOf = async (ownConnection: boolean) => {
      const { signal } = new AbortController();
      const { body } = await transport.send({
        method: "GET",
        url,
        headers: {},
        maxBytes: 99,
        signal,
        ownConnection,
      });
      return Number(Buffer.from(body).toString());
    };
    const shared = await portOf(false);
    const own = [await portOf(true), await portOf(true)];
    expect(await portOf(false)).toBe(shared);
    expect(new Set([shared, ...own]).size).toBe(3);
    await expect.poll(() => closed.toSorted()).toEqual(own.toSorted());
  });

  it("ends with the signal's reason", async () => {
    const url = await serve(() => abort.abort(reason));
    const abort = new AbortController();
    const reason = new Error("enough");
    await expect(send(url, { signal: abort.signal })).rejects.toBe(reason);
  });
});

describe("proxies", () => {
  /** A proxy that writes down what it is asked for, and answers it itself or refuses to connect. */
  async function proxy(): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end("from the proxy");
    });
    server.on("connect", (request, socket) => {
      asked.push(`CONNECT ${request.url}`);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    return { url: `http://127.0.0.1:${await listen(server)}`, asked };
  }

  it.each(["HTTPS_PROXY", "https_proxy"])("of %s are asked to connect to an https host", async (variable) => {
    const { url, asked } = await proxy();
    await expect(send("https://hs.example/", {}, { [variable]: url })).rejects.toMatchObject({
      message: "the proxy answered 403",
      mayHaveBeenSent: false,
    });
    expect(asked).toEqual(["CONNECT hs.example:443"]);
  });

  it.each(["HTTP_PROXY", "http_proxy"])("of %s are asked for plain http", async (variable) => {
    const { url, asked } = await proxy();
    const answer = await send("http://hs.example/path", {}, { [variable]: url });
    expect(Buffer.from(answer.body).toString()).toBe("from the proxy");
    expect(asked).toEqual(["GET http://hs.example/path"]);
  });

  it("are not asked for hosts of NO_PROXY", async () => {
    const { url, asked } = await proxy();
    await send("http://hs.invalid/", {}, { HTTP_PROXY: url, NO_PROXY: "hs.invalid" }).catch(() => {});
    expect(asked).toEqual([]);
  });

  it("are not asked for loopback", async () => {
    const { url, asked } = await proxy();
    const server = await serve((_, response) => response.end("direct"));
    const answer = await send(server, {}, { HTTP_PROXY: url, HTTPS_PROXY: url });
    expect(Buffer.from(answer.body).toString()).toBe("direct");
    expect(asked).toEqual([]);
  });

  it("that are no URLs are a usage error, where they would be needed", async () => {
    const failing = send("https://hs.example/", {}, { HTTPS_PROXY: "no proxy" });
    await expect(failing).rejects.toMatchObject({ code: "usage_error" });
    const server = await serve((_, response) => response.end());
    expect((await send(server, {}, { HTTPS_PROXY: "no proxy" })).status).toBe(200);
  });

  it("are named where they can't be reached, without their password", async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    const env = { HTTPS_PROXY: `http://bot:secret@127.0.0.1:${port}` };
    await expect(send("https://hs.example/", {}, env)).rejects.toMatchObject({
      message: `its proxy 127.0.0.1:${port} can't be reached (connection refused)`,
      hint: expect.stringContaining("NO_PROXY"),
      mayHaveBeenSent: false,
    });
  });

  it.each(["https://hs.example/", "http://hs.example/"])("may want a password: %s", async (url) => {
    const server = createServer((_, response) => response.writeHead(407).end());
    server.on("connect", (_, socket) => socket.end("HTTP/1.1 407 Who?\r\n\r\n"));
    const proxy = `127.0.0.1:${await listen(server)}`;
    await expect(send(url, {}, { ALL_PROXY: proxy })).rejects.toMatchObject({
      message: "the proxy answered 407",
      hint: expect.stringContaining("USER:PASSWORD"),
    });
  });

  it("get the name and the password, whatever characters they have", async () => {
    const authorizations: (string | undefined)[] = [];
    const server = createServer();
    server.on("connect", ({ headers }, socket) => {
      authorizations.push(headers["proxy-authorization"]);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    const proxy = `bot:p%s@#/é@127.0.0.1:${await listen(server)}`;
    await expect(send("https://hs.example/", {}, { https_proxy: proxy })).rejects.toThrow("403");
    expect(authorizations).toEqual([`Basic ${Buffer.from("bot:p%s@#/é").toString("base64")}`]);
  });
});
