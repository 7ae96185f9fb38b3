import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import type { Message } from "../../../src/protocol/messages.js";
import { channelPair } from "../../support/channel-pair.js";
import { LINK, MemoryHomeserver, NEW_DEVICE } from "../../support/memory-homeserver.js";
import { against, ask, existingDevice, PROTOCOL, SUCCESS, signal } from "../../support/played-new-device.js";
import { ExistingRole, namesOf, sendProtocols } from "../../support/roles.js";

describe("an existing device that is asked", () => {
  it.each([
    [
      "for a protocol that it doesn't know",
      { ...PROTOCOL, protocol: "org.example.magic" },
      "unsupported_protocol",
    ],
    [
      "for the grant without its link",
      { ...PROTOCOL, device_authorization_grant: undefined },
      "unexpected_message_received",
    ],
    ["out of order", SUCCESS, "unexpected_message_received"],
    [
      "for its secrets at once",
      { type: "m.login.protocol_accepted" } as const,
      "unexpected_message_received",
    ],
  ] satisfies [string, Message, string][])("%s says so and opens nothing", async (_what, message, reason) => {
    const existing = await existingDevice();
    let told: Failure | undefined;
    const { failure } = await against(existing, async (peer) => {
      told = await ask(message)(peer);
    });
    expect(failure?.kind).toBe("unsupported");
    expect(told?.details.reason).toBe(reason);
    expect(existing.role.opened).toEqual([]);
    expect(existing.rendezvous.written("g")).not.toContain("g DELETE");
  });

  it("for a device ID that the account has says so, and opens nothing", async () => {
    const existing = await existingDevice();
    existing.homeserver.devices.add(NEW_DEVICE);
    let told: Failure | undefined;
    const { failure } = await against(existing, async (peer) => {
      told = await ask()(peer);
    });
    expect(failure).toMatchObject({ code: "device_already_exists", kind: "unsupported" });
    expect(told?.details.reason).toBe("device_already_exists");
    expect(existing.role.opened).toEqual([]);
  });

  it("can't know that a device is absent where the server only fails: nothing is opened, nobody told", async () => {
    const existing = await existingDevice((homeserver) => {
      homeserver.account = { deviceExists: () => Promise.reject(new Failure("server_error")) };
      return { homeserver: homeserver.forAccount() };
    });
    let told: Failure | undefined;
    const { failure } = await against(existing, async (peer) => {
      told = await ask()(peer);
    });
    expect(failure?.code).toBe("server_error");
    expect(told?.code).toBe("rendezvous_gone");
    expect(existing.sent().filter(({ from }) => from === "g")).toEqual([]);
    expect(existing.role.opened).toEqual([]);
  });

  it("without verification_uri_complete opens verification_uri", async () => {
    const existing = await existingDevice();
    const { role } = existing;
    await against(existing, async (peer) => {
      await ask()(peer);
      await peer.abandon(new Failure("user_cancelled"));
    });
    expect(role.opened).toEqual([LINK]);
    expect(role.events).toEqual([
      { event: "verification", verification_uri: LINK, expires_in_ms: expect.any(Number) },
      { event: "browser", opened: true },
    ]);
  });

  it.each(["verification_uri", "verification_uri_complete"])(
    "refuses a link it must not open: %s",
    async (name) => {
      const refused = "http://phishing.example/";
      const existing = await existingDevice(() => ({
        checkLink: (link) => {
          if (link === refused) throw new Failure("url_refused");
          return new URL(link);
        },
      }));
      let told: Failure | undefined;
      const grant = { verification_uri: LINK, [name]: refused };
      const { failure } = await against(existing, async (peer) => {
        told = await ask({ ...PROTOCOL, device_authorization_grant: grant })(peer);
      });
      expect(failure).toMatchObject({ code: "url_refused", kind: "security" });
      expect(told).toMatchObject({ details: { reason: "unable_to_open_verification_uri" } });
      expect(namesOf(existing.role.events)).toEqual([]);
      expect(existing.role.opened).toEqual([]);
    },
  );

  it("says so when the link can't be opened", async () => {
    const existing = await existingDevice(() => ({ openLink: async () => false }));
    let told: Failure | undefined;
    const { failure } = await against(existing, async (peer) => {
      told = await ask()(peer);
    });
    expect(failure).toMatchObject({ code: "unable_to_open_verification_uri", kind: "unsupported" });
    expect(told?.details.reason).toBe("unable_to_open_verification_uri");
    expect(existing.role.events).toContainEqual({ event: "browser", opened: false });
  });

  it("and is cancelled meanwhile says so, since it is its turn", async () => {
    const existing = await existingDevice(() => ({
      openLink: (_link, linkSignal) =>
        new Promise((_, reject) => {
          linkSignal.addEventListener("abort", () => reject(linkSignal.reason), { once: true });
          existing.role.stop.abort(new Failure("interrupted"));
        }),
    }));
    let told: Failure | undefined;
    const { failure } = await against(existing, async (peer) => {
      told = await ask()(peer);
    });
    expect(failure?.kind).toBe("signal");
    expect(told).toMatchObject({ code: "other_device_cancelled", details: { reason: "user_cancelled" } });
  });
});

describe("an existing device that waits for consent", () => {
  it("ends when consent is declined, and deletes the session that it read that from", async () => {
    const existing = await existingDevice();
    const { failure } = await against(existing, async (peer) => {
      await ask()(peer);
      await peer.send({ type: "m.login.declined" }, signal);
    });
    expect(failure).toMatchObject({ code: "consent_declined", kind: "refused" });
    expect(existing.rendezvous.written("g").at(-1)).toBe("g DELETE");
    expect(existing.homeserver.events).not.toContain("keys/query");
  });

  it.each([
    ["authorization_expired", "authorization_expired", "late"],
    // js-sdk reports a declined consent so.
    ["user_cancelled", "other_device_cancelled", "refused"],
  ])("ends when the other device reports %s", async (reason, code, kind) => {
    const existing = await existingDevice();
    const { failure } = await against(existing, async (peer) => {
      await ask()(peer);
      await peer.send({ type: "m.login.failure", reason }, signal);
    });
    expect(failure).toMatchObject({ code, kind, details: { reason } });
    expect(existing.rendezvous.written("g").at(-1)).toBe("g DELETE");
  });

  it("says nothing when it is cancelled, since it isn't its turn: it deletes the session", async () => {
    const existing = await existingDevice();
    const { role, clock, rendezvous, sent } = existing;
    const { failure } = await against(existing, async (peer) => {
      await ask()(peer);
      await clock.sleep(1);
      role.stop.abort(new Failure("terminated"));
    });
    expect(failure?.kind).toBe("signal");
    expect(rendezvous.written("g").at(-1)).toBe("g DELETE");
    expect(sent().map(({ message }) => message.type)).not.toContain("m.login.failure");
  });

  it("ends when the rendezvous session expires", async () => {
    const existing = await existingDevice();
    const { failure } = await against(existing, ask());
    expect(failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(existing.clock.now()).toBe(120_000);
  });

  it("ends when the other device deletes it", async () => {
    const existing = await existingDevice();
    const { failure } = await against(existing, async (peer) => {
      await ask()(peer);
      await peer.abandon(new Failure("unexpected_user"));
    });
    expect(failure).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
  });
});

describe("an existing device that has scanned", () => {
  it("sends m.login.protocols first", async () => {
    const pair = await channelPair();
    const role = new ExistingRole(new MemoryHomeserver(pair.clock));
    const play = async () => {
      const protocols = await pair.g.receive(["m.login.protocols"], "machine", signal);
      await pair.g.abandon(new Failure("unsupported_protocol"));
      return protocols;
    };
    const both = Promise.all([role.run(pair.s, sendProtocols), play()]);
    const [{ failure }, protocols] = await pair.clock.runUntil(both);
    expect(protocols).toEqual({
      type: "m.login.protocols",
      protocols: ["device_authorization_grant"],
      homeserver: "https://matrix.example.org/",
    });
    expect(failure).toMatchObject({ kind: "unsupported", details: { reason: "unsupported_protocol" } });
  });

  it("is told as soon as it wants to write that the other device has gone", async () => {
    const pair = await channelPair();
    pair.rendezvous.store.clear();
    const role = new ExistingRole(new MemoryHomeserver(pair.clock));
    const { failure } = await pair.clock.runUntil(role.run(pair.s, sendProtocols));
    expect(failure).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
  });
});
