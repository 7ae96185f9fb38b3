import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { resolveHomeserver, resolveUserHomeserver } from "../../src/homeserver/resolve-homeserver.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { decodeQrCode, encodeQrCode, type SignInQrPayload } from "../../src/protocol/qr-code.js";
import { expectFailure } from "../support/failures.js";
import { FakeHttp, type FakeReply } from "../support/fake-http.js";

const signal = new AbortController().signal;
const urlPolicy = createUrlPolicy([]);
const versions = { json: { versions: ["v1.1", "v1.15"] } };
const wellKnown = (baseUrl: unknown) => ({ json: { "m.homeserver": { base_url: baseUrl } } });

const resolve = async (name: string, http: FakeHttp) =>
  (await resolveHomeserver(name, { http, urlPolicy }, signal)).href;
const resolveUser = async (userId: string, http: FakeHttp) =>
  (await resolveUserHomeserver(userId, { http, urlPolicy }, signal)).baseUrl.href;

describe("a URL as homeserver", () => {
  it.each([
    ["https://hs.example", "https://hs.example/"],
    ["https://hs.example/base", "https://hs.example/base/"],
    ["https://hs.example/base/?q=1#f", "https://hs.example/base/"],
    ["http://localhost:8008", "http://localhost:8008/"],
    [" HTTPS://HS.example/_matrix/client/versions ", "https://hs.example/"],
    ["https://hs.example/.well-known/matrix/client", "https://hs.example/"],
  ])("%s is taken as it is where a homeserver answers there", async (url, baseUrl) => {
    const http = new FakeHttp({ [`GET ${baseUrl}_matrix/client/versions`]: versions });
    expect(await resolve(url, http)).toBe(baseUrl);
    expect(http.log).toHaveLength(1);
  });

  it("is taken for the server name in it where that leads to a homeserver, and the URL doesn't", async () => {
    const http = new FakeHttp({
      "GET https://example.org/_matrix/client/versions": { json: "<html>" },
      "GET https://example.org/.well-known/matrix/client": wellKnown("https://hs.example.org"),
      "GET https://hs.example.org/_matrix/client/versions": versions,
    });
    expect(await resolve("https://example.org/", http)).toBe("https://hs.example.org/");
  });

  it.each<[string, FakeReply]>([
    ["nothing", { status: 404 }],
    ["a page", { json: "<html>" }],
    ["itself", wellKnown("https://example.org")],
    ["where nothing is either", wellKnown("https://nowhere.example")],
    ["plain http", wellKnown("http://hs.example")],
  ])("is no homeserver's where its .well-known names %s", async (_what, reply) => {
    const http = new FakeHttp({ "GET https://example.org/.well-known/matrix/client": reply });
    const { message, hint } = await expectFailure("server_error", () => resolve("https://example.org", http));
    expect(message).toBe(
      "There is no Matrix homeserver at example.org: " +
        "https://example.org/_matrix/client/versions answers with 404 (M_UNRECOGNIZED).",
    );
    expect(hint).toContain("what follows the colon");
  });

  it("that redirects is told of with what to give instead", async () => {
    const http = new FakeHttp({
      "GET https://example.org/_matrix/client/versions": {
        status: 308,
        headers: { location: "https://hs.example.org/base/_matrix/client/versions?x=1" },
      },
    });
    const { message, hint } = await expectFailure("server_error", () => resolve("https://example.org", http));
    expect(message).toBe("https://example.org/ redirects to https://hs.example.org/base/.");
    expect(hint).toMatch(/^Give https:\/\/hs\.example\.org\/base\/ instead/);
  });

  it.each(["http://hs.example", "https://me:pw@hs.example"])("%s is refused", async (url) => {
    await expectFailure("url_refused", () => resolve(url, new FakeHttp()));
  });
});

describe("a homeserver that a QR code names", () => {
  const codeNaming = (serverName: string): SignInQrPayload => ({
    channel: "msc4108-2024",
    prefix: "MATRIX",
    intent: "existing",
    publicKey: new Uint8Array(32),
    rendezvousUrl: "https://hs.example/rendezvous",
    serverName,
  });

  const read = (name: string) => {
    const code = decodeQrCode(encodeQrCode(codeNaming(name)));
    return (code.channel === "msc4108-2024" && code.serverName) || "";
  };

  it.each(["example.org.", "EXAMPLE.org:8448", "[2001:db8::1]", "10.0.0.1"])(
    "is asked where the code can be read: %s",
    async (name) => {
      const http = new FakeHttp({ [`GET https://${name.toLowerCase()}/_matrix/client/versions`]: versions });
      expect(await resolve(read(name), http)).toBe(`https://${name.toLowerCase()}/`);
    },
  );

  it.each(["a..b", "a..b:99999", "example.org:65536", "0x7f.1", "https://hs.example:99999"])(
    "is refused with the code otherwise: %s",
    async (name) => {
      await expectFailure("malformed_sign_in_code", () => read(name));
    },
  );
});

describe("a server name as homeserver", () => {
  it("is looked up in .well-known, whose redirects are followed", async () => {
    const http = new FakeHttp({
      "GET https://example.org/.well-known/matrix/client": wellKnown("https://hs.example.org/base"),
      "GET https://hs.example.org/base/_matrix/client/versions": versions,
    });
    expect(await resolve("example.org", http)).toBe("https://hs.example.org/base/");
    expect(http.requests[0]?.followRedirects).toBe(true);
  });

  it("is the homeserver itself where there is no .well-known", async () => {
    const http = new FakeHttp({ "GET https://example.org/_matrix/client/versions": versions });
    expect(await resolve("example.org", http)).toBe("https://example.org/");
  });

  it("keeps its port, but not for .well-known", async () => {
    const http = new FakeHttp({ "GET https://example.org:8448/_matrix/client/versions": versions });
    expect(await resolve("example.org:8448", http)).toBe("https://example.org:8448/");
    expect(http.log[0]).toBe("GET https://example.org/.well-known/matrix/client");
  });

  it.each(["localhost:8008", "127.0.0.1:8008", "[::1]:8008", "hs.localhost"])(
    "of loopback is asked over http, its port kept: %s",
    async (name) => {
      const http = new FakeHttp({ [`GET http://${name}/_matrix/client/versions`]: versions });
      expect(await resolve(name, http)).toBe(`http://${name}/`);
      expect(http.log[0]).toBe(`GET http://${name}/.well-known/matrix/client`);
    },
  );

  it.each<[string, FakeReply]>([
    ["is refused", { status: 403 }],
    ["is empty", { json: {} }],
    ["has no base URL", { json: { "m.homeserver": {} } }],
    ["has a base URL that is no text", wellKnown(1)],
  ])("fails where .well-known %s, instead of guessing", async (_what, reply) => {
    const http = new FakeHttp({
      "GET https://example.org/.well-known/matrix/client": reply,
      "GET https://example.org/_matrix/client/versions": versions,
    });
    await expectFailure("server_error", () => resolve("example.org", http));
  });

  it.each(["http://hs.example.org", "https://a@hs.example.org", "no URL"])(
    "fails where .well-known gives the base URL %s",
    async (baseUrl) => {
      const http = new FakeHttp({
        "GET https://example.org/.well-known/matrix/client": wellKnown(baseUrl),
      });
      await expectFailure("url_refused", () => resolve("example.org", http));
    },
  );

  it("fails where no homeserver answers at the base URL", async () => {
    const failure = await expectFailure("server_error", () => resolve("example.org", new FakeHttp()));
    expect(failure.message).toBe(
      "There is no Matrix homeserver at example.org: " +
        "https://example.org/_matrix/client/versions answers with 404 (M_UNRECOGNIZED).",
    );
  });

  it("is not called none for what something in front of it says", async () => {
    const http = new FakeHttp({ "GET https://example.org/_matrix/client/versions": { status: 403 } });
    const { message } = await expectFailure("server_error", () => resolve("example.org", http));
    expect(message).toBe("example.org answers /versions with 403.");
  });

  it("fails at once where .well-known is a web page, and says what to give instead", async () => {
    const http = new FakeHttp({ "GET https://example.org/.well-known/matrix/client": { json: "<html>" } });
    const { message, hint } = await expectFailure("server_error", () => resolve("example.org", http));
    expect(message).toBe(
      "https://example.org/.well-known/matrix/client is a web page, and names no homeserver.",
    );
    expect(hint).toContain("base URL");
    expect(http.requests.map(({ final }) => final)).toEqual([["text"]]);
  });

  it.each(["@alice:example.org", "example.org/", ' "example.org" ', "EXAMPLE.org"])(
    "may be typed as %s",
    async (typed) => {
      const http = new FakeHttp({ "GET https://example.org/_matrix/client/versions": versions });
      expect(await resolve(typed, http)).toBe("https://example.org/");
    },
  );

  it.each(["", "a b", "example.org/path", "user@example.org", "[::1"])("%j is none", async (name) => {
    await expectFailure("usage_error", () => resolve(name, new FakeHttp()));
  });
});

describe("the homeserver of an expected user", () => {
  it("is what the user's server name gives", async () => {
    const http = new FakeHttp({
      "GET https://example.org/.well-known/matrix/client": wellKnown("https://hs.example.org"),
      "GET https://hs.example.org/_matrix/client/versions": versions,
    });
    expect(await resolveUser("@alice:example.org", http)).toBe("https://hs.example.org/");
  });

  it("is on loopback for a loopback name", async () => {
    const http = new FakeHttp({ "GET http://localhost:8008/_matrix/client/versions": versions });
    expect(await resolveUser("@alice:localhost:8008", http)).toBe("http://localhost:8008/");
  });

  it.each<[string, FakeReply | Error]>([
    ["can't be reached", new Failure("network_error", "example.org can't be reached: connection refused.")],
    ["is refused", { status: 500 }],
    ["names plain http", wellKnown("http://hs.example.org")],
    ["names nothing", { json: {} }],
  ])("is unresolvable where .well-known %s", async (_what, reply) => {
    const http = new FakeHttp({ "GET https://example.org/.well-known/matrix/client": reply });
    const failure = await expectFailure("expected_user_unresolvable", () =>
      resolveUser("@alice:example.org", http),
    );
    expect(failure.kind).toBe("security");
  });

  it("is not asked for with what is not a user ID", async () => {
    const http = new FakeHttp();
    const tooLong = `@${"a".repeat(250)}:example.org`;
    for (const userId of ["alice", "@alice", "@:example.org", "@alice:", "@a\u0007:example.org", tooLong]) {
      await expectFailure("usage_error", () => resolveUser(userId, http));
    }
    expect(http.log).toEqual([]);
  });

  it("isn't called unresolvable when the run was ended", async () => {
    const reason = new Failure("interrupted");
    const http = new FakeHttp();
    const run = resolveUserHomeserver("@alice:example.org", { http, urlPolicy }, AbortSignal.abort(reason));
    await expect(run).rejects.toBe(reason);
  });
});
