import { describe, expect, it } from "vitest";
import { fetchAuthMetadata, requireDeviceGrant } from "../../src/homeserver/metadata.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { expectFailure } from "../support/failures.js";
import { FakeHttp } from "../support/fake-http.js";
import { AUTH_METADATA } from "../support/oauth-homeserver.js";

const STABLE = "GET https://hs.example/_matrix/client/v1/auth_metadata";
const UNSTABLE = "GET https://hs.example/_matrix/client/unstable/org.matrix.msc2965/auth_metadata";
const signal = new AbortController().signal;

const deps = (http: FakeHttp) => ({ http, urlPolicy: createUrlPolicy([]) });
const fetched = (http: FakeHttp) => fetchAuthMetadata(deps(http), new URL("https://hs.example"), signal);
const required = (json: object) =>
  requireDeviceGrant(deps(new FakeHttp({ [STABLE]: { json } })), new URL("https://hs.example"), signal);

describe("the OAuth 2.0 server metadata", () => {
  it("is asked for at the stable path, and there alone where it is", async () => {
    const http = new FakeHttp({ [STABLE]: { json: AUTH_METADATA } });
    const { server, isUnstable } = await fetched(http);
    expect(server.issuer).toBe("https://auth.example/");
    expect(isUnstable).toBe(false);
    expect(http.log).toEqual([STABLE]);
  });

  it.each([
    ["404", { status: 404, json: "<html>" }],
    ["M_UNRECOGNIZED", { status: 405, json: { errcode: "M_UNRECOGNIZED" } }],
  ])("is asked for at the unstable path after %s", async (_what, reply) => {
    const http = new FakeHttp({ [STABLE]: reply, [UNSTABLE]: { json: AUTH_METADATA } });
    expect((await fetched(http)).isUnstable).toBe(true);
  });

  it("that is nowhere is a homeserver without OAuth", async () => {
    const failure = await expectFailure("homeserver_without_oauth", () => fetched(new FakeHttp()));
    expect(failure.message).toContain("hs.example");
  });

  it("that is refused is no homeserver without OAuth", async () => {
    const http = new FakeHttp({
      [STABLE]: { status: 403, json: { errcode: "M_FORBIDDEN", error: "no\u001b" } },
    });
    const failure = await expectFailure("server_error", () => fetched(http));
    expect(failure.message).toBe("hs.example answers /v1/auth_metadata with 403 (M_FORBIDDEN: no\\u{1b}).");
  });

  it.each([
    "issuer",
    "token_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "device_authorization_endpoint",
  ])("holds %s to the URL policy", async (field) => {
    const json = { ...AUTH_METADATA, [field]: "http://auth.example/" };
    await expectFailure("url_refused", () => fetched(new FakeHttp({ [STABLE]: { json } })));
  });

  it("may have null for what isn't there, and members that nobody knows", async () => {
    const absent = { account_management_uri: null, revocation_endpoint: null, grant_types_supported: null };
    const json = { ...AUTH_METADATA, ...absent, more: [{ than: 1.5 }] };
    const { server } = await fetched(new FakeHttp({ [STABLE]: { json } }));
    expect(server).not.toHaveProperty("revocation_endpoint");
    expect(server.token_endpoint).toBe(AUTH_METADATA.token_endpoint);
    expect((await required(json)).server.issuer).toBe(AUTH_METADATA.issuer);
  });

  it("whose authorization server gives the address it listens on says what its admin has to set", async () => {
    const json = { ...AUTH_METADATA, issuer: "http://[::]:8080/" };
    const { message, hint } = await expectFailure("url_refused", () =>
      fetched(new FakeHttp({ [STABLE]: { json } })),
    );
    expect(message).toBe(
      'The OAuth 2.0 metadata of hs.example names a URL that can\'t be used, as "issuer". ' +
        "http://[::]:8080 is refused: only https is allowed.",
    );
    expect(hint).toContain("http.public_base");
  });

  it("that is a web page is said to be one, and asked for once", async () => {
    const http = new FakeHttp({ [STABLE]: { json: "<html>" } });
    const { message } = await expectFailure("server_error", () => fetched(http));
    expect(message).toBe("hs.example answers /v1/auth_metadata with a web page instead of JSON.");
    expect(http.requests[0]?.final).toEqual(["text"]);
  });

  it.each([{ issuer: undefined }, { token_endpoint: 1 }, { grant_types_supported: "all" }])(
    "that lacks something or has it wrong is named: %j",
    async (change) => {
      const http = new FakeHttp({ [STABLE]: { json: { ...AUTH_METADATA, ...change } } });
      const failure = await expectFailure("server_error", () => fetched(http));
      expect(failure.message).toContain(Object.keys(change)[0]);
    },
  );
});

describe("the device authorization grant", () => {
  it("is there by its endpoint and its grant type", async () => {
    expect((await required(AUTH_METADATA)).server.device_authorization_endpoint).toBe(
      "https://auth.example/device",
    );
  });

  it("is there by its endpoint alone where no grant types are listed", async () => {
    await expect(required({ ...AUTH_METADATA, grant_types_supported: undefined })).resolves.toBeDefined();
  });

  it.each([
    { device_authorization_endpoint: undefined },
    { grant_types_supported: ["authorization_code", "refresh_token"] },
  ])("is missing with %j", async (change) => {
    await expectFailure("homeserver_without_device_grant", () => required({ ...AUTH_METADATA, ...change }));
  });
});
