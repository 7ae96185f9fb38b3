import { describe, expect, it } from "vitest";
import { call, field, type Reply } from "../support/dev-homeserver.js";

export interface RendezvousUnderTest {
  /** A homeserver where anyone may create rendezvous sessions. */
  readonly baseUrl: () => URL;
  readonly path: string;
  readonly concurrentWrite: string;
}

export const STABLE = { path: "/_matrix/client/v1/rendezvous", concurrentWrite: "M_CONCURRENT_WRITE" };
export const UNSTABLE = {
  path: "/_matrix/client/unstable/io.element.msc4388/rendezvous",
  concurrentWrite: "IO_ELEMENT_MSC4388_CONCURRENT_WRITE",
};

const OPAQUE_ID = /^[0-9A-Za-z._~-]{1,255}$/;

/** What MSC4388 §Insecure rendezvous session promises, of any homeserver: it needs no hold on its clock. */
export function describeRendezvous(
  name: string,
  { baseUrl, path, concurrentWrite }: RendezvousUnderTest,
): void {
  describe(name, () => {
    const get = (id: string) => call(baseUrl(), `GET ${path}/${id}`);
    const put = (id: string, sequenceToken: string, data: string) =>
      call(baseUrl(), `PUT ${path}/${id}`, { json: { sequence_token: sequenceToken, data } });
    const create = async (data = "") => {
      const reply = await call(baseUrl(), `POST ${path}`, { json: { data } });
      return { reply, id: field(reply, "id"), token: field(reply, "sequence_token") };
    };
    const expectError = (reply: Reply, status: number, errcode: string) => {
      expect({ status: reply.status, errcode: reply.body["errcode"] }).toEqual({ status, errcode });
    };

    it("says that a session can be created", async () => {
      const reply = await call(baseUrl(), `GET ${path}`);
      expect(reply.status).toBe(200);
      expect(reply.body["create_available"]).toBe(true);
    });

    it("creates a session with opaque identifiers and a lifetime", async () => {
      const { reply, id, token } = await create();
      expect(reply.status).toBe(200);
      expect(id).toMatch(OPAQUE_ID);
      expect(token).toMatch(OPAQUE_ID);
      expect(reply.body["expires_in_ms"]).toSatisfy((ms) => Number.isInteger(ms) && Number(ms) > 0);
    });

    it("gives back what was posted, with the token of the post", async () => {
      const { id, token } = await create("hello");
      const reply = await get(id);
      expect(reply.status).toBe(200);
      expect(reply.body).toMatchObject({ data: "hello", sequence_token: token });
      expect(reply.body["expires_in_ms"]).toSatisfy(Number.isInteger);
    });

    it("gives back what was put, with the token of the put", async () => {
      const { id, token } = await create("one");
      const written = await put(id, token, "two \u{1f511}");
      expect(written.status).toBe(200);
      const reply = await get(id);
      expect(reply.body).toMatchObject({
        data: "two \u{1f511}",
        sequence_token: field(written, "sequence_token"),
      });
    });

    it("changes the token with each write, even of the same data", async () => {
      const { id, token } = await create("same");
      const first = field(await put(id, token, "same"), "sequence_token");
      const second = field(await put(id, first, "same"), "sequence_token");
      expect(new Set([token, first, second]).size).toBe(3);
    });

    it("refuses a write on an old token, and keeps what is there", async () => {
      const { id, token } = await create("one");
      await put(id, token, "two");
      expectError(await put(id, token, "three"), 409, concurrentWrite);
      expect((await get(id)).body["data"]).toBe("two");
    });

    it("acknowledges a repeated write again without making it anew", async () => {
      const { id, token } = await create("one");
      const first = await put(id, token, "two");
      const again = await put(id, token, "two");
      expect(again.status).toBe(200);
      expect(again.body["sequence_token"]).toBe(first.body["sequence_token"]);
    });

    it("takes data of 4096 bytes and no more, counted in UTF-8", async () => {
      const full = "\u00e9".repeat(2048);
      const { id, token } = await create(full);
      expect((await get(id)).body["data"]).toBe(full);
      expectError(await put(id, token, `${full}x`), 413, "M_TOO_LARGE");
      expectError(await call(baseUrl(), `POST ${path}`, { json: { data: `${full}x` } }), 413, "M_TOO_LARGE");
    });

    it.each([
      ["no JSON", "{"],
      ["no data", "{}"],
      ["data that is no string", '{"data":1}'],
    ])("refuses to create a session from %s", async (_, body) => {
      expect((await call(baseUrl(), `POST ${path}`, { body })).status).toBe(400);
    });

    it.each([
      ["no JSON", "{"],
      ["no token", '{"data":"x"}'],
      ["no data", '{"sequence_token":"x"}'],
    ])("refuses a write with %s", async (_, body) => {
      const { id } = await create();
      expect((await call(baseUrl(), `PUT ${path}/${id}`, { body })).status).toBe(400);
    });

    it("knows a deleted session no longer", async () => {
      const { id, token } = await create();
      expect((await call(baseUrl(), `DELETE ${path}/${id}`)).status).toBe(200);
      expectError(await get(id), 404, "M_NOT_FOUND");
      expectError(await put(id, token, "x"), 404, "M_NOT_FOUND");
      expectError(await call(baseUrl(), `DELETE ${path}/${id}`), 404, "M_NOT_FOUND");
    });

    // Sec-Fetch-Mode is missing here as fetch sets it by itself.
    it.each([{ "sec-fetch-dest": "document" }, { "sec-fetch-user": "?1" }, { "sec-fetch-site": "none" }])(
      "shows a session to no browser that goes to its URL: %j",
      async (headers) => {
        const { id } = await create("content");
        expectError(await call(baseUrl(), `GET ${path}/${id}`, { headers }), 403, "M_FORBIDDEN");
      },
    );

    it("lets scripts of every origin read its answers, the refusals too", async () => {
      const { id } = await create();
      const replies = [
        await get(id),
        await get("unknown"),
        await call(baseUrl(), `OPTIONS ${path}/${id}`),
        await call(baseUrl(), `OPTIONS ${path}`),
      ];
      for (const { headers } of replies) expect(headers.get("access-control-allow-origin")).toBe("*");
      const preflight = replies[3]?.headers;
      expect(preflight?.get("access-control-allow-methods")).toMatch(/(?=.*PUT)(?=.*DELETE)/);
      expect(preflight?.get("access-control-allow-headers")).toMatch(/content-type/i);
    });
  });
}
