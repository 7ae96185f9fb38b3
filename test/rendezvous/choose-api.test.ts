import { describe, expect, it } from "vitest";
import type { Dialect } from "../../src/foundation/events.js";
import { Secret } from "../../src/foundation/secret.js";
import { chooseRendezvousApi } from "../../src/rendezvous/choose-api.js";
import { expectFailure } from "../support/failures.js";
import { FakeHttp, type FakeReply } from "../support/fake-http.js";

const BASE_URL = new URL("https://hs.example/");
const STABLE = "GET https://hs.example/_matrix/client/v1/rendezvous";
const UNSTABLE = "GET https://hs.example/_matrix/client/unstable/io.element.msc4388/rendezvous";
const YES: FakeReply = { json: { create_available: true } };
const NO: FakeReply = { json: { create_available: false } };
const { signal } = new AbortController();

const discover = (http: FakeHttp, dialect: Dialect | "auto" = "auto", token?: string) =>
  chooseRendezvousApi(http, BASE_URL, dialect, token === undefined ? undefined : new Secret(token), signal);

describe("the API under which a code is offered", () => {
  it("is the unstable one wherever the server has it, which is all that clients read today", async () => {
    const http = new FakeHttp({ [STABLE]: YES, [UNSTABLE]: YES });
    expect((await discover(http)).name).toBe("unstable");
    expect(http.log).toEqual([UNSTABLE]);
  });

  it("is the stable one where the server has nothing else", async () => {
    const http = new FakeHttp({ [STABLE]: YES });
    expect((await discover(http)).name).toBe("stable");
    expect(http.log).toEqual([UNSTABLE, STABLE]);
  });

  it.each([
    ["msc", "stable", STABLE],
    ["vodozemac-0.11.1", "unstable", UNSTABLE],
    ["vodozemac-0.11.0", "unstable", UNSTABLE],
  ] as const)(
    "of the dialect %s is the %s one, and no other is asked for",
    async (dialect, name, request) => {
      const both = new FakeHttp({ [STABLE]: YES, [UNSTABLE]: YES });
      expect((await discover(both, dialect)).name).toBe(name);
      expect(both.log).toEqual([request]);
      const none = new FakeHttp();
      const failure = await expectFailure("homeserver_without_rendezvous", () => discover(none, dialect));
      expect(none.log).toEqual([request]);
      expect(failure.hint).toContain("dialect auto");
    },
  );

  it("is one whose answer has no member, as MSC4388 once had it: only false says that it can't be used", async () => {
    expect((await discover(new FakeHttp({ [UNSTABLE]: { json: {} }, [STABLE]: YES }))).name).toBe("unstable");
  });

  it("lies below the path of the base URL", async () => {
    const below = "https://hs.example/matrix/_matrix/client/unstable/io.element.msc4388/rendezvous";
    for (const baseUrl of ["https://hs.example/matrix", "https://hs.example/matrix/"]) {
      const http = new FakeHttp({ [`GET ${below}`]: YES });
      await chooseRendezvousApi(http, new URL(baseUrl), "auto", undefined, signal);
    }
  });

  it("is asked for with the access token of a device that has one", async () => {
    const http = new FakeHttp({ [UNSTABLE]: YES });
    await discover(http, "auto", "access-token");
    expect(http.last(UNSTABLE).accessToken).toEqual(new Secret("access-token"));
    await discover(http);
    expect(http.last(UNSTABLE)).not.toHaveProperty("accessToken");
  });
});

describe("a server that lets this device make no session", () => {
  it.each([
    ["doesn't know the API", { status: 404, json: { errcode: "M_UNRECOGNIZED" } }],
    ["has no such path at all", { status: 404, json: "<html>" }],
    ["wants a token, as Synapse says it", { status: 401, json: { errcode: "M_MISSING_TOKEN" } }],
    ["wants a token, as MSC4388 says it", { status: 403, json: { errcode: "M_FORBIDDEN" } }],
    ["offers the API but no creation", NO],
  ] satisfies [string, FakeReply][])("is one that %s", async (_what, reply) => {
    const http = new FakeHttp({ [STABLE]: reply, [UNSTABLE]: reply });
    const failure = await expectFailure("homeserver_without_rendezvous", () => discover(http));
    expect(failure.kind).toBe("unsupported");
    expect(failure.message).toContain("hs.example");
  });

  it("is the same to whoever has no token, whether it says 401, as Synapse does, or 403, as Tuwunel does", async () => {
    const said = async (status: number, errcode: string) => {
      const http = new FakeHttp({ [UNSTABLE]: { status, json: { errcode } } });
      const { message, hint } = await expectFailure("homeserver_without_rendezvous", () => discover(http));
      return { message, hint };
    };
    expect(await said(401, "M_MISSING_TOKEN")).toEqual(await said(403, "M_FORBIDDEN"));
  });

  it("is explained by what is known of it: a token is wanted, even where the other API isn't there", async () => {
    const http = new FakeHttp({ [UNSTABLE]: { status: 401, json: { errcode: "M_MISSING_TOKEN" } } });
    const failure = await expectFailure("homeserver_without_rendezvous", () => discover(http));
    expect(failure.message).toContain("signed in");
  });

  it.each([
    ["an answer that isn't one", { json: { create_available: "yes" } }],
    ["an answer that is no object", { json: 1 }],
    ["a refusal that means nothing here", { status: 418, json: { errcode: "M_TEAPOT\u001b[2J" } }],
  ] satisfies [string, FakeReply][])("is none by %s: that is a fault of the server", async (_what, reply) => {
    const http = new FakeHttp({ [STABLE]: reply, [UNSTABLE]: reply });
    const failure = await expectFailure("server_error", () => discover(http));
    expect(failure.kind).toBe("network");
    expect(failure.message).not.toContain("\u001b");
  });
});
