import { describe, expect, it } from "vitest";
import { msc4108Messages } from "../../../src/protocol/messages.js";
import type { SignInQrPayload } from "../../../src/protocol/qr-code.js";
import { homeserverFromCode } from "../../../src/sign-in/new-device.js";
import { expectedUser } from "../../support/expected-user.js";
import { help, hostsAsked, PROTOCOLS, type SetUp, setUp, told } from "../../support/new-device-world.js";
import { ending } from "../../support/roles.js";
import { USER } from "../../support/sessions.js";

/** The new device has scanned the code, which names the homeserver. */
async function scanned({ clock, g, s, run, secrets }: SetUp<"existing">, code: Partial<SignInQrPayload>) {
  const learn = homeserverFromCode(code as SignInQrPayload);
  const both = Promise.all([run(s, learn), ending(help(g, secrets))]);
  return { failure: (await clock.runUntil(both))[0].failure };
}

describe("the homeserver of a new device that has generated the code", () => {
  it("is the one of m.login.protocols", async () => {
    const all = await setUp();
    expect((await told(all, "https://hs.example")).failure).toBeUndefined();
    expect(all.events[0]).toEqual({
      event: "homeserver",
      base_url: "https://hs.example/",
      issuer: "https://auth.example/",
    });
  });

  it.each([[[]], [["org.example.magic"]]])(
    "is of no use without the device authorization grant: %j",
    async (protocols) => {
      const all = await setUp();
      const { failure, other } = await told(all, "https://hs.example", protocols);
      expect(failure).toMatchObject({ code: "unsupported_protocol", kind: "unsupported" });
      expect(other?.details.reason).toBe("unsupported_protocol");
      expect(all.http.log).toEqual([]);
    },
  );

  it("is used beside protocols that nobody knows", async () => {
    const all = await setUp();
    const { failure } = await told(all, "https://hs.example", ["org.example.magic", ...PROTOCOLS]);
    expect(failure).toBeUndefined();
  });

  it("is refused over plain http: nobody is told why, and the session is deleted", async () => {
    const all = await setUp();
    const { failure, other } = await told(all, "http://hs.example");
    expect(failure).toMatchObject({ code: "url_refused", kind: "security" });
    expect(other?.code).toBe("rendezvous_gone");
    expect(all.rendezvous.written("g")).toEqual(["g DELETE"]);
    expect(all.http.log).toEqual([]);
  });

  it("may be a server name in the 2024 version", async () => {
    const all = await setUp();
    all.http.on("GET https://example.org/.well-known/matrix/client", {
      json: { "m.homeserver": { base_url: "https://hs.example" } },
    });
    const { failure } = await in2024(all, "example.org");
    expect(failure).toBeUndefined();
    expect(all.saved.at(-1)?.base_url).toBe("https://hs.example/");
  });

  it.each(["no server name", "example.org/path", "a b"])(
    "is the other device's mistake where it is none at all: %s",
    async (name) => {
      const all = await setUp();
      const { failure } = await in2024(all, name);
      expect(failure).toMatchObject({ code: "unexpected_message", kind: "unsupported" });
      expect(all.http.log).toEqual([]);
    },
  );
});

describe("the homeserver of a new device that has scanned the code", () => {
  it("is the one of the code", async () => {
    const all = await setUp({}, "existing");
    const code = { channel: "msc4388", baseUrl: "https://HS.example" } as const;
    expect((await scanned(all, code)).failure).toBeUndefined();
    expect(all.saved.at(-1)?.base_url).toBe("https://hs.example/");
  });

  it("in the 2024 version is the code's server name, or the URL that some write there", async () => {
    for (const serverName of ["example.org", "https://hs.example"]) {
      const all = await setUp({}, "existing");
      all.http.on("GET https://example.org/.well-known/matrix/client", {
        json: { "m.homeserver": { base_url: "https://hs.example" } },
      });
      const { failure } = await scanned(all, { channel: "msc4108-2024", serverName });
      expect(failure).toBeUndefined();
      expect(all.saved.at(-1)?.base_url).toBe("https://hs.example/");
    }
  });
});

describe("a pinned homeserver (--expect-user)", () => {
  const pin = async (userId = USER) => ({ expectedUser: await expectedUser(userId) });
  const ignored = expect.objectContaining({ event: "warning", code: "homeserver_ignored" });

  it("is the one that is asked, whatever the other device names, with a warning", async () => {
    const all = await setUp(await pin());
    const { failure } = await told(all, "https://evil.example/");
    expect(failure).toBeUndefined();
    expect(all.events).toContainEqual(ignored);
    expect(hostsAsked(all)).toEqual(new Set(["hs.example", "auth.example"]));
  });

  it("is the one that is asked, whatever the code names", async () => {
    const all = await setUp(await pin(), "existing");
    const { failure } = await scanned(all, { channel: "msc4388", baseUrl: "https://evil.example/" });
    expect(failure).toBeUndefined();
    expect(all.events).toContainEqual(ignored);
    expect(hostsAsked(all)).toEqual(new Set(["hs.example", "auth.example"]));
  });

  it("keeps another server's name from being looked up at all", async () => {
    const all = await setUp(await pin());
    const { failure } = await in2024(all, "evil.example");
    expect(failure).toBeUndefined();
    expect(all.events).toContainEqual(ignored);
    expect(hostsAsked(all)).toEqual(new Set(["hs.example", "auth.example"]));
  });

  it.each(["https://hs.example", "https://HS.example/"])(
    "needs no warning where it is named: %s",
    async (url) => {
      const all = await setUp(await pin());
      expect((await told(all, url)).failure).toBeUndefined();
      expect(all.events).not.toContainEqual(ignored);
    },
  );

  it("needs none where the user's server name is named", async () => {
    const all = await setUp(await pin());
    expect((await in2024(all, "example.org")).failure).toBeUndefined();
    expect(all.events).not.toContainEqual(ignored);
    expect(hostsAsked(all)).toEqual(new Set(["hs.example", "auth.example"]));
  });

  it("ends as nobody else than the user: the tokens are revoked, and the other device isn't told", async () => {
    const all = await setUp(await pin("@somebody.else:example.org"));
    const { failure, other } = await told(all, "https://hs.example");
    expect(failure).toMatchObject({
      code: "unexpected_user",
      kind: "security",
      details: { cleanup: "revoked" },
    });
    expect(other?.code).toBe("rendezvous_gone");
    expect(all.http.log.filter((entry) => entry === "POST https://auth.example/revoke")).toHaveLength(2);
  });
});

/** The same with the messages of the 2024 version. */
async function in2024(all: SetUp<"new">, homeserver: string) {
  Object.assign(all.insecure.g, { messages: msc4108Messages });
  Object.assign(all.insecure.s, { messages: msc4108Messages });
  return told(all, homeserver);
}
