import { beforeAll, describe, expect, it } from "vitest";
import type { Intent, LoginEvent } from "../../src/foundation/events.js";
import { Failure } from "../../src/foundation/failures.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { createSignInHomeserver } from "../../src/homeserver/sign-in-homeserver.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { msc4108Messages } from "../../src/protocol/messages.js";
import type { LearnHomeserver } from "../../src/protocol/new-device.js";
import type { SignInQrPayload } from "../../src/protocol/qr-code.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { parseStoredSession, type StoredSession } from "../../src/session/session-file.js";
import {
  homeserverFromCode,
  homeserverFromProtocols,
  type NewDeviceRequest,
  signInThisDevice,
} from "../../src/sign-in/new-device.js";
import type { SignInWorld } from "../../src/sign-in/world.js";
import { channelPair } from "../support/channel-pair.js";
import { expectedUser } from "../support/expected-user.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp } from "../support/fake-http.js";
import { OAUTH_ROUTES } from "../support/oauth-homeserver.js";
import { ending } from "../support/roles.js";
import { fullSession, publishedKeys, USER } from "../support/sessions.js";

const { signal } = new AbortController();
const DEVICE = "NEWDEVICE1";
const PATH = "/sessions/bot.json";
const TOKEN = "POST https://auth.example/token";
const API = "https://hs.example/_matrix/client/v3";
const PROTOCOLS = ["device_authorization_grant"];

// What is loaded only when it is needed takes real time, which the clock of the tests doesn't wait for.
beforeAll(async () => {
  await import("../../src/homeserver/sign-in-homeserver.js");
});

/** A homeserver that grants tokens at once and publishes what is uploaded. */
function homeserver() {
  const account = fullSession();
  const published = publishedKeys(account);
  const deviceKeys: Record<string, unknown> = {};
  const http = new FakeHttp({
    ...OAUTH_ROUTES,
    [TOKEN]: {
      json: { token_type: "Bearer", access_token: "access-1", refresh_token: "refresh-1", expires_in: 300 },
    },
    [`GET ${API}/account/whoami`]: { json: { user_id: USER, device_id: DEVICE } },
    [`POST ${API}/keys/upload`]: ({ body = "" }) => {
      deviceKeys[DEVICE] = JSON.parse(body).device_keys;
      return { json: {} };
    },
    [`POST ${API}/keys/query`]: () => ({
      json: {
        device_keys: { [USER]: deviceKeys },
        master_keys: { [USER]: published.masterKey },
        self_signing_keys: { [USER]: published.selfSigningKey },
        user_signing_keys: { [USER]: published.userSigningKey },
      },
    }),
    [`GET ${API}/room_keys/version`]: { status: 404, json: { errcode: "M_NOT_FOUND" } },
  });
  return { http, secrets: account.secrets };
}

async function setUp<G extends Intent = "new">(
  changes: Partial<NewDeviceRequest> = {},
  intent: G = "new" as G,
) {
  const pair = await channelPair(intent);
  const { http, secrets } = homeserver();
  const events: LoginEvent[] = [];
  const saved: StoredSession[] = [];
  const world: SignInWorld = {
    http,
    urlPolicy: createUrlPolicy([]),
    clock: pair.clock,
    emit: (event) => events.push(event),
  };
  const request: NewDeviceRequest = {
    deviceId: DEVICE,
    keepUnverified: false,
    sessionFile: {
      path: PATH,
      save: async (session) => {
        // Whatever is saved has to be a session file that can be read again.
        saved.push(parseStoredSession(JSON.stringify(revealed(session)), PATH));
      },
      remove: async () => undefined,
    },
    ...changes,
  };
  const run = (channel: SecureChannel<"new">, learn: LearnHomeserver) =>
    ending(signInThisDevice(world, request, channel, learn, signal));
  return { ...pair, http, secrets, events, saved, world, run };
}

type SetUp<G extends Intent = Intent> = Awaited<ReturnType<typeof setUp<G>>>;

/** What an existing device does once the homeserver is known. */
async function help(peer: SecureChannel, secrets: SetUp["secrets"]): Promise<void> {
  await peer.receive(["m.login.protocol"], "machine", signal);
  await peer.send({ type: "m.login.protocol_accepted" }, signal);
  await peer.receive(["m.login.success"], "machine", signal);
  await peer.sendFinal({ type: "m.login.secrets", ...secrets }, signal);
}

/** The new device has generated the code, and is told the homeserver. */
async function told({ clock, g, s, run, secrets }: SetUp<"new">, homeserver: string, protocols = PROTOCOLS) {
  const play = async () => {
    await s.send({ type: "m.login.protocols", protocols, homeserver }, signal);
    await help(s, secrets);
  };
  const both = Promise.all([run(g, homeserverFromProtocols), ending(play())]);
  const [end, other] = await clock.runUntil(both);
  return { failure: end.failure, other: other.failure };
}

/** The new device has scanned the code, which names the homeserver. */
async function scanned({ clock, g, s, run, secrets }: SetUp<"existing">, code: Partial<SignInQrPayload>) {
  const learn = homeserverFromCode(code as SignInQrPayload);
  const both = Promise.all([run(s, learn), ending(help(g, secrets))]);
  return { failure: (await clock.runUntil(both))[0].failure };
}

const hostsAsked = ({ http }: SetUp) => new Set(http.requests.map(({ url }) => url.host));

describe("a new device", () => {
  it("makes nothing of what was asked ahead of another homeserver than it is signed in at", async () => {
    const [here, other] = [new FakeHttp(OAUTH_ROUTES), new FakeHttp()];
    const [clock, urlPolicy, clientName] = [new FakeClock(), createUrlPolicy([]), "test"];
    const askedAhead = (http: FakeHttp, baseUrl: string) => {
      const asked = createSignInHomeserver({ http, clock, urlPolicy, clientName, baseUrl: new URL(baseUrl) });
      asked.lookAhead(signal);
      return async () => asked;
    };
    const elsewhere = await setUp({ askedAhead: askedAhead(other, "https://other.example/") });
    expect((await told(elsewhere, "https://hs.example")).failure).toBeUndefined();
    expect(hostsAsked(elsewhere)).toEqual(new Set(["hs.example", "auth.example"]));

    const ahead = await setUp({ askedAhead: askedAhead(here, "https://hs.example/") });
    await told(ahead, "https://hs.example");
    expect(ahead.http.log).not.toContain("GET https://hs.example/_matrix/client/v1/auth_metadata");
  });

  it("ends with a session file that says it all, and with `done`", async () => {
    const all = await setUp({ deviceName: "Build bot" });
    const { failure } = await told(all, "https://hs.example");
    expect(failure).toBeUndefined();
    expect(all.saved.map(({ state }) => state)).toEqual([
      ...["incomplete", "incomplete", "incomplete", "incomplete"],
      "unconfirmed",
      "complete",
    ]);
    expect(all.saved.at(-1)).toEqual({
      state: "complete",
      base_url: "https://hs.example/",
      user_id: USER,
      device_id: DEVICE,
      access_token: new Secret("access-1"),
      refresh_token: new Secret("refresh-1"),
      expires_at: expect.stringMatching(/^2026-01-01T00:05:0/),
      token_lifetime_ms: 300_000,
      oauth: { issuer: "https://auth.example/", client_id: "client" },
      secrets: all.secrets,
      device_keys_state: "uploaded",
      device_keys: { ed25519: expect.any(Secret), curve25519: expect.any(Secret) },
      created_at: expect.stringMatching(/^2026-01-01T/),
      device_name: "Build bot",
    });
    expect(all.events.at(-1)).toEqual({
      event: "done",
      role: "new",
      user_id: USER,
      device_id: DEVICE,
      verified: true,
      device_keys: "uploaded",
      session: PATH,
    });
  });

  it("has its session on disk before it uses its tokens", async () => {
    const all = await setUp();
    let savedByThen = 0;
    all.http.on(`GET ${API}/account/whoami`, () => {
      savedByThen = all.saved.length;
      return { json: { user_id: USER } };
    });
    await told(all, "https://hs.example");
    expect(savedByThen).toBe(2);
    expect(all.saved[1]).toMatchObject({ state: "incomplete", access_token: new Secret("access-1") });
    expect(all.saved[1]).not.toHaveProperty("secrets");
  });

  it("has on disk which device it is before it asks for tokens, and no token or key with it", async () => {
    const all = await setUp({ deviceName: "Build bot" });
    await told(all, "https://hs.example");
    expect(all.saved[0]).toEqual({
      state: "incomplete",
      base_url: "https://hs.example/",
      device_id: DEVICE,
      oauth: { issuer: "https://auth.example/", client_id: "client" },
      created_at: expect.stringMatching(/^2026-01-01T/),
      device_name: "Build bot",
    });
  });

  it.each([
    ["Build bot", "Build bot"],
    [undefined, "matrix-qr-login"],
  ])("named %s asks for consent as %s", async (deviceName, shown) => {
    const all = await setUp({ deviceName });
    await told(all, "https://hs.example");
    const registration = all.http.last("POST https://auth.example/register");
    expect(JSON.parse(registration.body ?? "")).toMatchObject({ client_name: shown });
  });

  it("registers no client where it has one", async () => {
    const all = await setUp({ clientId: "mine" });
    await told(all, "https://hs.example");
    expect(all.http.log).not.toContain("POST https://auth.example/register");
    expect(all.saved.at(-1)?.oauth?.client_id).toBe("mine");
  });
});

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

/** The same with the messages of the 2024 version. */
async function in2024(all: SetUp<"new">, homeserver: string) {
  Object.assign(all.insecure.g, { messages: msc4108Messages });
  Object.assign(all.insecure.s, { messages: msc4108Messages });
  return told(all, homeserver);
}

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

describe("a token that may have been issued", () => {
  it("is told of with the device to look for, where the server can't be reached any more", async () => {
    const all = await setUp();
    all.http.on(TOKEN, new Failure("network_error"));
    const { failure } = await told(all, "https://hs.example");
    expect(failure).toMatchObject({
      code: "network_error",
      kind: "network",
      details: { cleanup: "impossible", deviceId: DEVICE },
    });
  });

  it("is out of the question where the server refuses the request", async () => {
    const all = await setUp();
    all.http.on(TOKEN, { status: 400, json: { error: "invalid_client" } });
    const { failure } = await told(all, "https://hs.example");
    expect(failure).toMatchObject({ code: "server_error", details: { cleanup: "none" } });
  });
});
