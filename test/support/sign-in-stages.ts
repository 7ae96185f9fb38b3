import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Intent } from "../../src/foundation/events.js";
import { type Pair, startPair, typeCheckCode } from "./device-pair.js";
import { gateAtMessage, gateAtNewDevice } from "./faults.js";
import type { Machine } from "./machine.js";

/** Consent is given without a person. */
export const CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0 } as const;
/** Two devices in the middle of a sign-in. */
interface Stage {
  readonly server: DevHomeserver;
  readonly pair: Pair;
}

/** Brings two devices to where they wait for something, and leaves them there. */
export const STAGES = {
  async "the check code"(machine: Machine, intent: Intent): Promise<Stage> {
    // The scanner's first message doesn't wait for the code to be typed.
    const gate = gateAtMessage(3);
    gate.open();
    const server = await machine.homeserver({ intercept: gate.intercept });
    const pair = await startPair(machine, server, intent);
    await Promise.all([pair.generator.event("check_code_required"), gate.reached]);
    return { server, pair };
  },

  async consent(machine: Machine, intent: Intent): Promise<Stage> {
    const server = await machine.homeserver();
    const pair = await startPair(machine, server, intent);
    await typeCheckCode(pair);
    await Promise.all([pair.newDevice.event("waiting_for_consent"), pair.existingDevice.event("browser")]);
    return { server, pair };
  },

  async "the secrets"(machine: Machine, intent: Intent): Promise<Stage> {
    const gate = gateAtNewDevice();
    const server = await machine.homeserver({ ...CONSENT, intercept: gate.intercept });
    const pair = await startPair(machine, server, intent);
    await typeCheckCode(pair);
    await gate.reached;
    return { server, pair };
  },
};
