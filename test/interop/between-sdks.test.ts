import { describe, expect } from "vitest";
import { it } from "../support/interop.js";
import { expectSignIn, meet, peerDevices } from "../support/interop-devices.js";
import { MATRIX_JS_SDK, MATRIX_SDK, type Peer } from "../support/peers.js";

/**
 * The SDKs without matrix-qr-login, against the embedded homeserver: what works between them has to work with
 * matrix-qr-login too, and that it works shows that the homeserver is one to them.
 */

const SERVER = { autoConsent: "allow", autoConsentDelayMs: 0, msc4108: true } as const;
const SDKS = [MATRIX_SDK, MATRIX_JS_SDK];
const table = "between_sdks";
const version = "msc4108-2024";

describe.concurrent("a sign-in between the SDKs", () => {
  const cases = SDKS.flatMap((generating) =>
    SDKS.flatMap((scanning) =>
      (["new", "existing"] as const).map((role) => {
        const part = `${generating.name} generates as ${role} device, ${scanning.name} scans`;
        return { part, generating, scanning, role, peers: [...new Set([generating, scanning])] };
      }),
    ),
  );
  /** One names the homeserver to the other, by its server name as the text says. The other reads a URL only. */
  const isUnreadable = ({ generating, scanning, role }: (typeof cases)[number]) =>
    generating === MATRIX_SDK && scanning === MATRIX_JS_SDK && role === "new";

  it.for(cases.filter((each) => !isUnreadable(each)).map((each) => [each.part, each] as const))(
    "ends verified: %s",
    async ([part, { peers, generating, scanning, role }], { about, machine, startPeer }) => {
      about({ table, version, part, peers, outcome: "signed in and verified" });
      const server = await machine.homeserver(SERVER);
      const devices = (peer: Peer) => peerDevices(machine, server, peer, startPeer);
      await expectSignIn(server, devices(generating), role, devices(scanning));
    },
  );

  it.for(cases.filter(isUnreadable).map((each) => [each.part, each] as const))(
    "fails over the homeserver's name: %s",
    async ([part, { peers, generating, scanning, role }], { about, machine, startPeer }) => {
      about({
        table,
        version,
        part,
        peers,
        outcome: "fails: one sends a server name, the other reads a URL",
      });
      const server = await machine.homeserver(SERVER);
      const devices = (peer: Peer) => peerDevices(machine, server, peer, startPeer);
      const { generator, checkCode } = await meet(devices(generating), role, devices(scanning));
      generator.type(checkCode);
      const { message } = await generator.event("failure");
      expect(message).toContain("relative URL without a base");
    },
  );
});
