import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { TransportError } from "../../src/network/transport.js";
import { answer, proxyServer } from "../support/proxy-server.js";

const SYNC = "GET /_matrix/client/v3/sync";
const SEND = "PUT /_matrix/client/v3/rooms/!a:b/send/m.room.message/1";
const UPLOAD = "POST /_matrix/client/v3/keys/upload";
/** One byte more than is kept. */
const LARGE = "x".repeat(1024 * 1024 + 1);

const unknownToken = () => answer(401, '{"errcode":"M_UNKNOWN_TOKEN"}');

describe("a request", () => {
  it("goes on with the session's token, and its answer comes back", async () => {
    const { ask, sent, waits } = await proxyServer([answer(418, '{"a":1}')]);
    const reply = await ask(SEND, { body: '{"b":2}', headers: { "X-Mine": "yes" } });
    expect([reply.status, reply.body]).toEqual([418, { a: 1 }]);
    expect(sent).toMatchObject([{ method: "PUT", token: "real-1", isStreamed: false }]);
    expect(sent[0]?.body?.toString()).toBe('{"b":2}');
    expect(sent[0]?.rawHeaders).toEqual(expect.arrayContaining(["X-Mine", "yes"]));
    expect(sent[0]?.rawHeaders.map((name) => name.toLowerCase())).not.toContain("content-length");
    expect(waits).toEqual([]);
  });

  it("has the headers that it came with, but for those of the connection, and no other", async () => {
    const { raw, sent } = await proxyServer();
    const lines = ["GET /_matrix/client/v3/sync HTTP/1.1", "Host: 127.0.0.1", "X-Mine: yes"];
    await raw([...lines, "Authorization: Bearer mqlp_local", "Connection: close", "", ""]);
    expect(sent[0]?.rawHeaders).toEqual(["X-Mine", "yes"]);
  });

  it("that is too large to be kept goes on as a stream, with its length", async () => {
    const { ask, sent } = await proxyServer();
    expect((await ask(SEND, { body: LARGE })).status).toBe(200);
    expect(sent).toMatchObject([{ isStreamed: true }]);
    expect(sent[0]?.body).toHaveLength(LARGE.length);
    expect(sent[0]?.rawHeaders.slice(-2)).toEqual(["content-length", `${LARGE.length}`]);
  });
});

describe("a token that the homeserver doesn't know", () => {
  it("is renewed, and the request repeated with all that it brought", async () => {
    const { ask, sent } = await proxyServer([unknownToken(), answer(200, '{"event_id":"$1"}')]);
    const reply = await ask(SEND, { body: '{"b":2}' });
    expect([reply.status, reply.body]).toEqual([200, { event_id: "$1" }]);
    expect(sent.map(({ token, body }) => [token, body?.toString()])).toEqual([
      ["real-1", '{"b":2}'],
      ["real-2", '{"b":2}'],
    ]);
  });

  it("twice is never the program's to see: it is told to try again", async () => {
    const { ask, sent, waits, state } = await proxyServer([unknownToken(), unknownToken()]);
    state.pauseMs = 2_000;
    const reply = await ask(SYNC);
    expect([reply.status, reply.body]).toEqual([
      503,
      {
        errcode: "M_UNKNOWN",
        error: "The homeserver rejected the access token, which is a new one now.",
        retry_after_ms: 2_000,
      },
    ]);
    expect(sent).toHaveLength(2);
    expect(waits).toEqual([2_000]);
  });

  it("is renewed for the next try where the body is gone", async () => {
    const { ask, sent, state } = await proxyServer([unknownToken()]);
    expect((await ask(SEND, { body: LARGE })).status).toBe(503);
    expect(sent).toHaveLength(1);
    expect(state.token).toBe("real-2");
  });

  it("is not what another 401 is about, which is handed on whole", async () => {
    const flows = gzipSync('{"flows":[]}');
    const { ask, sent } = await proxyServer([{ ...answer(401, flows), rawHeaders: [] }]);
    expect((await ask(SYNC)).status).toBe(401);
    expect(sent).toHaveLength(1);
  });

  it("is not what it says where the status is another", async () => {
    const { ask, sent } = await proxyServer([answer(403, '{"errcode":"M_UNKNOWN_TOKEN"}')]);
    expect((await ask(SYNC)).status).toBe(403);
    expect(sent).toHaveLength(1);
  });
});

describe("a homeserver that is away", () => {
  it.each([502, 503, 504])("by the word %i of what is in front of it is answered late", async (status) => {
    const { ask, waits } = await proxyServer([answer(status, '{"a":1}')]);
    const reply = await ask(SYNC);
    expect([reply.status, reply.body]).toEqual([status, { a: 1 }]);
    expect(waits).toEqual([1_000]);
  });

  it.each([
    [1_000, 1_000],
    [30_000, 5_000],
  ])("for a pause of %i ms is answered after %i ms, and says how long to stay away", async (pauseMs, ms) => {
    const { ask, waits, state } = await proxyServer([
      new TransportError("refused", { mayHaveBeenSent: false }),
      answer(503),
    ]);
    state.pauseMs = pauseMs;
    const reply = await ask(SYNC);
    expect([reply.status, reply.body]).toEqual([
      502,
      {
        errcode: "M_UNKNOWN",
        error: "The homeserver can't be reached: refused.",
        retry_after_ms: pauseMs,
      },
    ]);
    expect(reply.headers.get("retry-after")).toBe(`${pauseMs / 1_000}`);
    await ask(SYNC);
    expect(waits).toEqual([ms, ms]);
  });

  it("is not meant where there is no token to be had", async () => {
    const keeper = {
      current: () => Promise.reject(new Failure("session_locked")),
      renew: () => Promise.reject(new Failure("session_locked")),
      death: undefined,
      expiresAt: undefined,
    };
    const { ask, sent } = await proxyServer([], { keeper });
    const reply = await ask(SYNC);
    expect([reply.status, reply.body["error"]]).toEqual([503, new Failure("session_locked").message]);
    expect(sent).toEqual([]);
  });
});

describe("a dead session", () => {
  const death = new Failure("session_dead");
  const keeper = {
    current: () => Promise.reject(death),
    renew: () => Promise.reject(death),
    death,
    expiresAt: undefined,
  };

  it("is answered late, as a token that is unknown", async () => {
    const { ask, sent, waits } = await proxyServer([], { keeper });
    const reply = await ask(SYNC);
    expect([reply.status, reply.body]).toEqual([401, { errcode: "M_UNKNOWN_TOKEN", error: death.message }]);
    expect(sent).toEqual([]);
    expect(waits).toEqual([5_000]);
  });

  it("is answered without a look at what comes", async () => {
    const { raw } = await proxyServer([], { keeper });
    const lines = ["PUT /_matrix/client/v3/x HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 10"];
    const reply = await raw([...lines, "Authorization: Bearer mqlp_local", "Connection: close", "", ""]);
    expect(reply).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe("device keys", () => {
  const body = '{"device_keys":{}}';
  const signed = Buffer.from('{"device_keys":{"signatures":{}}}');

  /** A signer that signs whatever comes. */
  const signer = () => {
    const answered = vi.fn(async () => undefined);
    return { answered, sign: vi.fn(async () => ({ body: signed, answered })) };
  };

  it("are signed on their way, and the signer learns how they were answered", async () => {
    const { sign, answered } = signer();
    const { ask, sent } = await proxyServer([unknownToken(), answer(401, "{}")], { signer: { sign } });
    expect((await ask(UPLOAD, { body, headers: { "content-encoding": "x-none" } })).status).toBe(401);
    expect(sign.mock.calls).toEqual([[Buffer.from(body), "x-none"]]);
    expect(sent.map(({ body }) => body)).toEqual([signed, signed]);
    expect(answered.mock.calls).toEqual([[401]]);
  });

  it("go on as they are where they aren't to be signed", async () => {
    const sign = vi.fn(async () => undefined);
    const { ask, sent } = await proxyServer([], { signer: { sign } });
    await ask(UPLOAD, { body });
    const unsigned = await proxyServer();
    await unsigned.ask(UPLOAD, { body });
    for (const reached of [sent, unsigned.sent]) expect(reached[0]?.body?.toString()).toBe(body);
  });

  it("are not looked for in any other request, nor in one that is too large to be kept", async () => {
    const { sign } = signer();
    const { ask } = await proxyServer([], { signer: { sign } });
    await ask(SEND, { body });
    await ask(UPLOAD, { body: LARGE });
    expect(sign).not.toHaveBeenCalled();
  });

  it("that can't be signed for now reach nobody", async () => {
    const sign = () => Promise.reject(new Failure("session_locked"));
    const { ask, sent } = await proxyServer([], { signer: { sign } });
    expect((await ask(UPLOAD, { body })).status).toBe(503);
    expect(sent).toEqual([]);
  });
});
