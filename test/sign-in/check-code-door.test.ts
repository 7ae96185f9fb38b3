import { describe, expect, it } from "vitest";
import type { UnconfirmedChannel } from "../../src/protocol/channel.js";
import { UnconfirmedSecureChannel } from "../../src/protocol/establishment.js";
import { helpNewDevice } from "../../src/protocol/existing-device.js";
import { ExpectedUser } from "../../src/protocol/expected-user.js";
import { signInAsNewDevice } from "../../src/protocol/new-device.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { byExpectedUser, byTypedCode } from "../../src/sign-in/confirmation.js";
import type { GenerateCode } from "../../src/sign-in/generate-code.js";
import { channelPair } from "../support/channel-pair.js";
import { expectedUser } from "../support/expected-user.js";
import { MemoryHomeserver } from "../support/memory-homeserver.js";
import { ExistingRole, NewRole } from "../support/roles.js";
import { meeting } from "../support/scanned-code.js";

/**
 * There is one door past the check code: a typed code, or for a new device alone an expected user. What can't be
 * written in TypeScript is refused in JavaScript too.
 */

const { signal } = new AbortController();
const learn = async () => "https://hs.example";

async function unconfirmed(role: "new" | "existing") {
  const { insecure, plain } = await channelPair();
  const channel: UnconfirmedChannel = {
    confirm: () => undefined,
    confirmUnseen: () => ({ channel: plain.g, checkCode: "42" }),
  };
  return new UnconfirmedSecureChannel(role, insecure.g, channel);
}

describe("an existing device that shows the code", () => {
  it("has no way on without a typed code, by type and at run time", async () => {
    const channel = (await unconfirmed("existing")) as UnconfirmedSecureChannel<"existing">;
    const user = await expectedUser();
    // @ts-expect-error: it would send its secrets to whoever scanned the code first.
    expect(() => channel.confirmForExpectedUser(user)).toThrow(TypeError);
  });

  it("can't be given the new device's confirmation, and sends nothing where it is", async () => {
    const both = meeting();
    const confirmation = byExpectedUser(await expectedUser());
    // @ts-expect-error: an expected user says nothing about who scanned the code.
    const code: Partial<GenerateCode<"existing">> = { intent: "existing", confirmation };
    const generated = both.generate<"existing">(code).catch((reason: unknown) => reason);
    const [end] = await both.clock.runUntil(Promise.all([generated, both.scan<"new">()]));
    expect(end).toBeInstanceOf(TypeError);
    expect(both.rendezvous.written("g")).toEqual(["g POST", "g PUT", "g DELETE"]);
  });
});

describe("an expected user", () => {
  it("is made by resolveUserHomeserver alone", async () => {
    const user = await expectedUser();
    expect(ExpectedUser.isGenuine(user)).toBe(true);
    const evil = ["@bot:example.org", new URL("https://evil.example")] as const;
    // @ts-expect-error: the constructor is private.
    expect(() => new ExpectedUser(...evil)).toThrow(TypeError);
    const byItsClass = user.constructor as new (...parts: readonly unknown[]) => unknown;
    expect(() => new byItsClass(...evil)).toThrow(TypeError);
    expect(() => new byItsClass(Symbol("making an expected user"), ...evil)).toThrow(TypeError);
  });

  it.each([
    ["the same fields", { userId: "@bot:example.org", baseUrl: new URL("https://evil.example/") }],
    ["the same prototype", Object.create(ExpectedUser.prototype)],
    ["its user ID", "@bot:example.org"],
    ["nothing", undefined],
  ])("is not %s", async (_what, imitation) => {
    const channel = (await unconfirmed("new")) as UnconfirmedSecureChannel<"new">;
    expect(() => channel.confirmForExpectedUser(imitation as ExpectedUser)).toThrow(TypeError);
  });

  it("can't be changed once it is made", async () => {
    const user = await expectedUser();
    user.baseUrl.host = "evil.example";
    expect(user.baseUrl.href).toBe("https://hs.example/");
    expect(() => Object.assign(user, { userId: "@mallory:evil.example" })).toThrow(TypeError);
  });

  it("of a new device is no user ID, but what resolveUserHomeserver gave", async () => {
    const { g, clock } = await channelPair();
    const { device } = new NewRole(new MemoryHomeserver(clock));
    const imitated = { userId: "@bot:example.org", baseUrl: new URL("https://evil.example/") };
    // @ts-expect-error: it has none of the user's private fields.
    const signIn = signInAsNewDevice({ ...device, expectedUser: imitated }, g, learn, signal);
    await expect(signIn).rejects.toThrow(TypeError);
  });
});

describe("a channel that was confirmed for an expected user", () => {
  async function pinned() {
    const both = meeting();
    const user = await expectedUser();
    const generated = both.generate({ confirmation: byExpectedUser(user) });
    const [g] = await both.clock.runUntil(Promise.all([generated, both.scan()]));
    if (!("result" in g)) throw g.failure;
    const homeserver = new MemoryHomeserver(both.clock);
    return { ...both, user, channel: g.result, homeserver };
  }

  it("carries no secrets of an existing device", async () => {
    const { channel, homeserver } = await pinned();
    const { device } = new ExistingRole(homeserver);
    // @ts-expect-error: it is a new device's.
    const helping = helpNewDevice(device, channel, async () => undefined, signal);
    await expect(helping).rejects.toThrow(TypeError);
  });

  it("signs in as this user even where the caller expects nobody: nothing else is asked", async () => {
    const { channel, homeserver, clock } = await pinned();
    const asked: string[] = [];
    const { device } = new NewRole(homeserver, {
      resolveHomeserver: async (claim) => {
        throw new Error(`${claim} was asked`);
      },
      connect: (baseUrl) => {
        asked.push(baseUrl.href);
        throw new Error("far enough");
      },
    });
    const evil = async () => "https://evil.example";
    await clock.runUntil(signInAsNewDevice(device, channel, evil, signal).catch(() => undefined));
    expect(asked).toEqual(["https://hs.example/"]);
  });

  it("doesn't sign in as anybody else whom the caller expects", async () => {
    const { channel, homeserver } = await pinned();
    const other = await expectedUser("@mallory:evil.example", "https://evil.example/");
    const { device } = new NewRole(homeserver, { expectedUser: other });
    await expect(signInAsNewDevice(device, channel, learn, signal)).rejects.toThrow(TypeError);
  });
});

describe("a check code", () => {
  it("can't be guessed by whoever writes the program: three wrong ones end it", async () => {
    const { insecure, plain } = await channelPair();
    const channel: UnconfirmedChannel = {
      confirm: (code) => (code === "42" ? { channel: plain.g } : undefined),
      confirmUnseen: () => ({ channel: plain.g, checkCode: "42" }),
    };
    const guessed = new UnconfirmedSecureChannel("existing", insecure.g, channel);
    for (const wrong of ["10", "11", "12"]) expect(guessed.confirm(wrong)).toBeUndefined();
    expect(() => guessed.confirm("42")).toThrow(expect.objectContaining({ code: "check_code_wrong" }));
  });

  it.each([0, 4, 100, Number.NaN, Number.POSITIVE_INFINITY, 1.5])("isn't asked for %d times", (attempts) => {
    expect(() => byTypedCode(async () => "42", attempts)).toThrow(RangeError);
  });
});

describe("what a channel is for", () => {
  it("can't be changed once it is made", async () => {
    const { s, clock } = await channelPair("new");
    expect(() => Object.assign(s, { role: "new" })).toThrow(TypeError);
    Object.defineProperty(s, "role", { value: "new" });
    const { device } = new NewRole(new MemoryHomeserver(clock));
    const turned = s as unknown as SecureChannel<"new">;
    await expect(signInAsNewDevice(device, turned, learn, signal)).rejects.toThrow(TypeError);
  });

  it("is asked before anything is sent, and the session is deleted where it is used for something else", async () => {
    const { s, clock, rendezvous } = await channelPair("new");
    const { device } = new NewRole(new MemoryHomeserver(clock));
    const turned = s as unknown as SecureChannel<"new">;
    await expect(signInAsNewDevice(device, turned, learn, signal)).rejects.toThrow(TypeError);
    expect(rendezvous.written("s")).toEqual(["s DELETE"]);
  });

  it("includes the homeserver of the expected user, whichever one a program connects to", async () => {
    const { g, clock } = await channelPair("new");
    const expected = await expectedUser();
    // This one's base URL is another.
    const { device } = new NewRole(new MemoryHomeserver(clock), { expectedUser: expected });
    const signIn = signInAsNewDevice(device, g, learn, signal);
    await expect(clock.runUntil(signIn)).rejects.toMatchObject({ code: "internal_error" });
  });
});

describe("a channel of an existing device", () => {
  it("signs no new device in: each role has its own way past the check code", async () => {
    const { s, clock } = await channelPair("new");
    const { device } = new NewRole(new MemoryHomeserver(clock));
    const channel: SecureChannel<"existing"> = s;
    // @ts-expect-error: it is an existing device's.
    await expect(signInAsNewDevice(device, channel, learn, signal)).rejects.toThrow(TypeError);
  });
});
