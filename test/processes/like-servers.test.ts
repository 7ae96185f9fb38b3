import { describe, expect } from "vitest";
import type { Likeness } from "../../src/dev-homeserver/behaviour.js";
import type { ChannelVersion, Intent } from "../../src/foundation/events.js";
import { startPair, typeCheckCode } from "../support/device-pair.js";
import { it } from "../support/machine.js";

const AUTO_CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0 } as const;

interface Way {
  readonly like: Likeness;
  /** Who shows the code. */
  readonly intent: Intent;
  readonly channel: ChannelVersion;
  /** Whether the rendezvous session has to be made on another server. */
  readonly elsewhere?: true;
}

/** Each direction in each version that there is on servers of each kind, with their settings by default. */
const WAYS: readonly Way[] = [
  { like: "synapse", intent: "new", channel: "msc4388" },
  { like: "synapse", intent: "existing", channel: "msc4388" },
  { like: "synapse", intent: "new", channel: "msc4108-2024" },
  { like: "synapse", intent: "existing", channel: "msc4108-2024" },
  // Its sessions of MSC4388 are for devices that are signed in.
  { like: "tuwunel", intent: "new", channel: "msc4388", elsewhere: true },
  { like: "tuwunel", intent: "existing", channel: "msc4388" },
  { like: "tuwunel", intent: "new", channel: "msc4108-2024" },
  { like: "tuwunel", intent: "existing", channel: "msc4108-2024" },
  // It has none. An existing device's code of MSC4388 would have to name one on its own homeserver.
  { like: "continuwuity", intent: "new", channel: "msc4388", elsewhere: true },
  { like: "continuwuity", intent: "new", channel: "msc4108-2024", elsewhere: true },
  { like: "continuwuity", intent: "existing", channel: "msc4108-2024", elsewhere: true },
];

describe.concurrent("a sign-in on a homeserver that does as another does", () => {
  it.for(WAYS)(
    "ends verified, and signs out: $like, the $intent device generates, $channel",
    async ({ like, intent, channel, elsewhere }, { machine }) => {
      const msc4108 = like === "synapse" ? { msc4108: true } : {};
      const server = await machine.homeserver({ ...AUTO_CONSENT, like, ...msc4108 });
      const other = elsewhere && (await machine.homeserver({ msc4108: true }));
      const generate = other ? ["--rendezvous", other.baseUrl.href] : [];
      const pair = await startPair(machine, server, intent, { channel, generate });
      await typeCheckCode(pair);
      const [generated, scanned] = await Promise.all([pair.generator.ended, pair.scanner.ended]);
      expect([generated.code, scanned.code]).toEqual([0, 0]);
      expect(pair.newDevice.events.at(-1)).toMatchObject({ event: "done", verified: true });

      expect((await machine.run(["session", "check", "--session", "new"])).code).toBe(0);
      expect((await machine.run(["session", "logout", "--session", "new"])).code).toBe(0);
      expect(server.devices()).toHaveLength(1);
      expect(server.activeSessions()).toHaveLength(1);
    },
  );

  it("ends in good time where consent is refused, whatever that is told by", { timeout: 90_000 }, async ({
    machine,
  }) => {
    const denied = { autoConsent: "deny", autoConsentDelayMs: 0 } as const;
    const server = await machine.homeserver({ ...denied, like: "tuwunel" });
    const pair = await startPair(machine, server, "existing");
    await typeCheckCode(pair);
    expect((await pair.newDevice.ended).code).toBe(3);
    expect(pair.newDevice.events.at(-1)).toMatchObject({ event: "failure", code: "consent_declined" });
    expect((await pair.existingDevice.ended).code).toBe(3);
  });
});
