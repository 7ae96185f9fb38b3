import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/foundation/clock.js";
import type { ChannelVersion } from "../../src/foundation/events.js";
import type { HttpClient } from "../../src/network/http.js";
import { createHttpClient } from "../../src/network/http-client.js";
import type { RendezvousSession } from "../../src/protocol/rendezvous-session.js";
import { Msc4108Session } from "../../src/rendezvous/msc4108-2024-session.js";
import { Msc4388Api, type RendezvousApi } from "../../src/rendezvous/msc4388-api.js";
import { Msc4388Session } from "../../src/rendezvous/msc4388-session.js";
import { localUrlPolicy } from "../support/local-url-policy.js";

export interface ServerUnderTest {
  readonly baseUrl: () => URL;
  readonly version: ChannelVersion;
  /** Under which name the API of MSC4388 is served. */
  readonly api?: RendezvousApi;
}

/** Both ends of one session. */
interface Pair {
  readonly g: RendezvousSession;
  readonly s: RendezvousSession;
}

/**
 * What the rendezvous clients rely on, of any server: the same tests for the embedded homeserver and for real
 * ones. They need no hold on the server's clock.
 */
export function describeRendezvousClient(name: string, server: ServerUnderTest): void {
  describe(name, () => {
    const { signal } = new AbortController();
    const clock = systemClock;
    const urlPolicy = localUrlPolicy();
    let http: HttpClient;

    beforeAll(() => {
      http = createHttpClient({ clock, env: {}, urlPolicy, userAgent: "conformance" });
    });
    afterAll(() => http.close());

    const create = async (): Promise<RendezvousSession> => {
      if (server.version === "msc4388") {
        const api = new Msc4388Api(http, server.baseUrl(), server.api ?? "unstable");
        return Msc4388Session.create(api, clock, undefined, signal);
      }
      const session = await Msc4108Session.create({ http, urlPolicy, clock }, server.baseUrl(), signal);
      if (!session) throw new Error("The server makes no sessions of the 2024 version.");
      return session;
    };

    const join = async (session: RendezvousSession): Promise<RendezvousSession> => {
      if (session instanceof Msc4108Session) {
        return Msc4108Session.join({ http, urlPolicy, clock }, session.url, signal);
      }
      const api = new Msc4388Api(http, server.baseUrl(), server.api ?? "unstable");
      const joined = await Msc4388Session.join(
        api,
        clock,
        { id: (session as Msc4388Session).id, boundUrl: api.baseUrl.href },
        signal,
      );
      if (!joined) throw new Error("The server doesn't know its own session.");
      return joined;
    };

    const pair = async (): Promise<Pair> => {
      const g = await create();
      return { g, s: await join(g) };
    };

    it("makes a session that lives long enough for a person", async () => {
      const session = await create();
      expect(session.expiresAt - clock.now()).toBeGreaterThan(30_000);
    });

    it("carries messages to and fro, sealed and opened with the same additional data", async () => {
      const { g, s } = await pair();
      let [writer, reader] = [s, g];
      // Synapse's ETag is a hash of the content: there, equal data of both devices would look unread.
      const last = server.version === "msc4388" ? "four" : "five";
      for (const data of ["one", "two", "three", "four", last]) {
        const sealedWith = writer.additionalData;
        expect(await writer.write(data, signal)).toEqual({ written: true });
        const received = await reader.waitForChange("machine", signal);
        expect(received.data).toBe(data);
        expect(received.sealedWith[0]).toEqual(sealedWith);
        [writer, reader] = [reader, writer];
      }
    });

    it("carries as much as a secrets bundle has, and every character that base64 has", async () => {
      const { g, s } = await pair();
      const data = `${Buffer.alloc(2900, 0xfb).toString("base64")}|+/`;
      await s.write(data, signal);
      expect((await g.waitForChange("machine", signal)).data).toBe(data);
    });

    it("tells a device that another one has written before it", async () => {
      const { g, s } = await pair();
      const other = await join(g);
      await s.write("first", signal);
      const outcome = await other.write("second", signal);
      expect(outcome).toMatchObject({ written: false, found: { data: "first" }, mayHaveBeenRead: false });
      expect((await g.waitForChange("machine", signal)).data).toBe("first");
    });

    it("takes the same data twice for one write whose answer was lost", async () => {
      const { g, s } = await pair();
      const same = await join(g);
      await s.write("once", signal);
      expect(await same.write("once", signal)).toEqual({ written: true });
    });

    it("refuses a code that was scanned before", async () => {
      const { g, s } = await pair();
      await s.write("mine", signal);
      await expect(join(g)).rejects.toMatchObject({ code: "concurrent_write" });
    });

    it("lets a deletion be seen as a receipt, and as an end before its time", async () => {
      const { g, s } = await pair();
      await s.write("last", signal);
      await g.waitForChange("machine", signal);
      await g.delete(signal);
      await s.waitUntilGone(signal);
      await expect(s.waitForChange("machine", signal)).rejects.toMatchObject({ code: "rendezvous_gone" });
      await expect(s.write("more", signal)).rejects.toMatchObject({ code: "rendezvous_gone" });
    });

    it("deletes what is gone already without a word", async () => {
      const session = await create();
      await session.delete(signal);
      await expect(session.delete(signal)).resolves.toBeUndefined();
    });

    it("calls a code whose session is gone expired", async () => {
      const session = await create();
      await session.delete(signal);
      await expect(join(session)).rejects.toMatchObject({ code: "rendezvous_expired" });
    });
  });
}
