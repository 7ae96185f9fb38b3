import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { expectFailureOf } from "../support/failed-runs.js";
import { it } from "../support/machine.js";
import { expectNothingLeft, provideSite, signInUntilConsent } from "../support/stack-sign-in.js";

/** How long the new device may take to say that it has signed in, after which it waits for the secrets. */
const SENDING_MS = 1000;
const site = provideSite();

describe("Synapse is restarted, and forgets all rendezvous sessions", () => {
  it.for(["msc4388", "msc4108-2024"] as const)(
    "while the person consents: the sign-in has ended, and leaves nothing, %s",
    async (channel, { machine }) => {
      const pair = await signInUntilConsent(machine, site(), "new", { channel });
      await site().stack.restart("synapse");
      await expectFailureOf(pair.existingDevice, "rendezvous_gone");
      const { cleanup } = await expectFailureOf(pair.newDevice, "rendezvous_gone");
      expect(cleanup).toBe("none");
      await expectNothingLeft(machine, site(), pair);
    },
  );

  it("when the token is there, and no secrets yet: the token is revoked", async ({ machine }) => {
    const pair = await signInUntilConsent(machine, site(), "existing");
    pair.existingDevice.kill("SIGKILL");
    await pair.decide("allow");
    await pair.newDevice.event("signed_in");
    await sleep(SENDING_MS);
    await site().stack.restart("synapse");
    const { cleanup } = await expectFailureOf(pair.newDevice, "rendezvous_gone");
    expect(cleanup).toBe("revoked");
    await expectNothingLeft(machine, site(), pair);
  });
});
