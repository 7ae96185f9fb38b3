import { describe, expect, it } from "vitest";
import { requireDeviceGrant } from "../../src/homeserver/metadata.js";
import { resolveClaimedHomeserver, resolveHomeserver } from "../../src/homeserver/resolve-homeserver.js";
import { RepeatingHttpClient } from "../../src/network/http-client.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { Msc4108Session } from "../../src/rendezvous/msc4108-2024-session.js";
import { Msc4388Api } from "../../src/rendezvous/msc4388-api.js";
import { Msc4388Session } from "../../src/rendezvous/msc4388-session.js";
import { expectFailure, failureOf } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp, type FakeReply } from "../support/fake-http.js";

/** Strangers who would have this program ask, change, delete or open what is none of theirs. */

const { signal } = new AbortController();
const RENDEZVOUS = "https://hs.example/_matrix/client/v1/rendezvous/abc";
const URL_2024 = "https://hs.example/any/path";

async function joined(put: FakeReply) {
  const http = new FakeHttp({
    [`GET ${RENDEZVOUS}`]: { json: { data: "", sequence_token: "t0", expires_in_ms: 120_000 } },
    [`PUT ${RENDEZVOUS}`]: put,
    [`DELETE ${RENDEZVOUS}`]: {},
  });
  const api = new Msc4388Api(http, new URL("https://hs.example/"), "stable");
  const where = { id: "abc", boundUrl: "https://hs.example/" };
  const session = await Msc4388Session.join(api, new FakeClock(), where, signal);
  if (!session) throw new Error("There is no such API.");
  return { http, session };
}

async function joined2024(put: FakeReply) {
  const etag = { header: (name: string) => (name === "etag" ? '"one"' : undefined) };
  const fake = new FakeHttp({
    [`GET ${URL_2024}`]: { json: "" },
    [`PUT ${URL_2024}`]: put,
    [`DELETE ${URL_2024}`]: {},
  });
  const http = {
    send: async (...request: Parameters<FakeHttp["send"]>) => ({ ...(await fake.send(...request)), ...etag }),
    close: async () => undefined,
  };
  const network = { http, clock: new FakeClock(), urlPolicy: createUrlPolicy([]) };
  return { http: fake, session: await Msc4108Session.join(network, new URL(URL_2024), signal) };
}

const VERSIONS = {
  MSC4388: { join: joined, taken: { json: { sequence_token: "t1" } }, url: RENDEZVOUS },
  "the 2024 version": { join: joined2024, taken: { status: 202, json: "" }, url: URL_2024 },
};

describe.each(Object.entries(VERSIONS))("a QR code of %s", (_, { join, taken, url }) => {
  it("has nothing deleted that was only looked at", async () => {
    const { http, session } = await join(taken);
    await session.delete(signal);
    expect(http.log).toEqual([`GET ${url}`]);
  });

  it("has nothing deleted that refused to be written to", async () => {
    const { http, session } = await join({ status: 405, json: {} });
    expect((await failureOf(() => session.write("sealed", signal))).code).toBe("server_error");
    await session.delete(signal);
    expect(http.log).toEqual([`GET ${url}`, `PUT ${url}`]);
  });

  it("has its session deleted once it was written to", async () => {
    const { http, session } = await join(taken);
    await session.write("sealed", signal);
    await session.delete(signal);
    expect(http.log.at(-1)).toBe(`DELETE ${url}`);
  });
});

describe("a server that isn't the user's own", () => {
  const network = (http: FakeHttp, own: string) => {
    const urlPolicy = createUrlPolicy([]);
    urlPolicy.noteOwn(own);
    return { http, urlPolicy };
  };

  it.each(["http://localhost:631/", "localhost:631", "127.0.0.1:631", "[::1]:631"])(
    "is not asked for on this machine by another device that names %s",
    async (claim) => {
      const asked: string[] = [];
      const { urlPolicy } = network(new FakeHttp(), "example.org");
      const http = new RepeatingHttpClient({
        ...{ clock: new FakeClock(), urlPolicy, userAgent: "test" },
        transport: async ({ url }) => {
          asked.push(url.href);
          return { status: 200, headers: {}, body: Buffer.from("{}") };
        },
        close: async () => undefined,
      });
      const resolving = () => resolveClaimedHomeserver(claim, { http, urlPolicy }, signal);
      await expectFailure("url_refused", async () => {
        // A URL is checked at once, and a name where it is asked.
        await http.send({ method: "GET", url: await resolving(), signal });
      });
      expect(asked).toEqual([]);
    },
  );

  it("sends nobody to this machine by .well-known", async () => {
    const http = new FakeHttp({
      "GET https://example.org/.well-known/matrix/client": {
        json: { "m.homeserver": { base_url: "http://localhost:8008" } },
      },
    });
    const asking = resolveHomeserver("example.org", network(http, "localhost"), signal);
    expect((await failureOf(() => asking)).code).toBe("url_refused");
  });

  const METADATA = "GET https://hs.example/_matrix/client/v1/auth_metadata";
  const metadata = (changes: object) => ({
    json: {
      issuer: "https://auth.example/",
      token_endpoint: "https://auth.example/token",
      device_authorization_endpoint: "https://auth.example/device",
      registration_endpoint: "https://auth.example/registration",
      revocation_endpoint: "https://auth.example/revoke",
      account_management_uri: "https://auth.example/account",
      ...changes,
    },
  });

  it.each([
    "issuer",
    "token_endpoint",
    "device_authorization_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "account_management_uri",
  ])(
    "names no %s on this machine in its metadata, not even to somebody with a server here",
    async (field) => {
      for (const url of ["http://localhost:631/", "http://127.0.0.1/", "http://auth.example/"]) {
        const http = new FakeHttp({ [METADATA]: metadata({ [field]: url }) });
        const asking = requireDeviceGrant(network(http, "localhost"), new URL("https://hs.example/"), signal);
        expect((await failureOf(() => asking)).code, url).toBe("url_refused");
      }
    },
  );

  it("names no endpoint on this machine by an issuer of the network, where the homeserver is here", async () => {
    const http = new FakeHttp({
      "GET http://localhost:8008/_matrix/client/v1/auth_metadata": metadata({
        token_endpoint: "http://localhost:631/",
      }),
    });
    const asking = requireDeviceGrant(network(http, "localhost"), new URL("http://localhost:8008/"), signal);
    expect((await failureOf(() => asking)).code).toBe("url_refused");
  });
});
