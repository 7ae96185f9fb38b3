import { describe, expect } from "vitest";
import type { DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Intent } from "../../src/foundation/events.js";
import type { FailureCode } from "../../src/foundation/failures.js";
import { it } from "../support/interop.js";
import { commandLine, meet, peerDevices } from "../support/interop-devices.js";
import { MATRIX_JS_SDK, MATRIX_SDK, type Peer } from "../support/peers.js";

/** Sign-ins that are meant to fail. Each device has to say why, be it from what the other one told. */

interface Ending {
  readonly what: string;
  /** What matrix-qr-login is in it. The new device generates the code. */
  readonly role: Intent;
  readonly code: ReadonlyMap<Peer, FailureCode>;
  readonly exitCode: number;
  readonly server?: DevHomeserverOptions;
  readonly typesWrongCode?: boolean;
  /** Somebody declines on the consent page. */
  readonly declines?: boolean;
  /** A part of what each SDK says of it. */
  readonly says: ReadonlyMap<Peer, string>;
}

/** A homeserver on which every device ID is taken. */
const DEVICE_EXISTS: DevHomeserverOptions = {
  intercept: ({ method, path }) =>
    method === "GET" && path.includes("/v3/devices/")
      ? { when: "before", answer: { status: 200, body: JSON.stringify({ device_id: "TAKENALREADY" }) } }
      : undefined,
};
const EXPIRING: DevHomeserverOptions = { authorizationLifetimeMs: 2_500 };

const each = <T>(matrixSdk: T, matrixJsSdk: T = matrixSdk) =>
  new Map([
    [MATRIX_SDK, matrixSdk],
    [MATRIX_JS_SDK, matrixJsSdk],
  ]);

const ENDINGS: readonly Ending[] = [
  {
    what: "consent is declined",
    role: "new",
    declines: true,
    code: each("consent_declined"),
    exitCode: 3,
    says: each("got LoginDeclined", "User declined"),
  },
  {
    what: "consent is declined",
    role: "existing",
    declines: true,
    // matrix-js-sdk calls that a cancellation.
    code: each<FailureCode>("consent_declined", "other_device_cancelled"),
    exitCode: 3,
    says: each("access_denied", "Rejection"),
  },
  {
    what: "nobody consents in time",
    role: "new",
    server: EXPIRING,
    code: each("authorization_expired"),
    exitCode: 4,
    says: each("authorization_expired", "Failed"),
  },
  {
    what: "nobody consents in time",
    role: "existing",
    server: EXPIRING,
    // matrix-js-sdk calls it an unexpected message, where its own clock is the first to say so.
    code: new Map([[MATRIX_SDK, "authorization_expired"]]),
    exitCode: 4,
    says: new Map([[MATRIX_SDK, "expired_token"]]),
  },
  {
    what: "the device ID is taken",
    role: "new",
    server: DEVICE_EXISTS,
    code: each("other_device_failed"),
    exitCode: 6,
    says: each("already in use", "already exists"),
  },
  {
    what: "the device ID is taken",
    role: "existing",
    server: DEVICE_EXISTS,
    code: each("device_already_exists"),
    exitCode: 6,
    says: each("device_already_exists", "Failed"),
  },
  {
    what: "a wrong check code is typed",
    role: "new",
    typesWrongCode: true,
    code: each("check_code_wrong"),
    exitCode: 5,
    says: each("not found", "Unexpected message"),
  },
];

describe.concurrent("a sign-in that fails says why on both devices", () => {
  const cases = [MATRIX_SDK, MATRIX_JS_SDK].flatMap((peer) =>
    ENDINGS.flatMap(({ code, says, ...ending }) => {
      const [ours, theirs] = [code.get(peer), says.get(peer)];
      return ours && theirs ? [{ peer, ours, theirs, ...ending }] : [];
    }),
  );

  it.for(
    cases.map((each) => [`${each.what}, as the ${each.role} device with ${each.peer.name}`, each] as const),
  )(
    "%s",
    async ([, { peer, ours, theirs, what, role, exitCode, ...ending }], { about, machine, startPeer }) => {
      about({
        table: "endings",
        version: "msc4108-2024",
        part: `${role} device; ${what}`,
        peers: [peer],
        outcome: `\`${ours}\`, exit ${exitCode}`,
      });
      const server = await machine.homeserver({ msc4108: true, ...ending.server });
      const cli = commandLine(machine, server, { version: "msc4108-2024" });
      const sdk = peerDevices(machine, server, peer, startPeer);
      const [generating, scanning] = role === "new" ? [cli, sdk] : [sdk, cli];
      const { generator, newDevice, existingDevice, checkCode } = await meet(generating, "new", scanning);
      generator.type(ending.typesWrongCode ? otherCode(checkCode) : checkCode);
      if (ending.declines) {
        const { user_code } = await newDevice.event("waiting_for_consent");
        server.decide(user_code, "deny");
      }
      const [us, them] = role === "new" ? [newDevice, existingDevice] : [existingDevice, newDevice];
      expect((await us.ended).code, us.describe()).toBe(exitCode);
      expect(await us.event("failure")).toMatchObject({ code: ours });
      expect((await them.event("failure")).message).toContain(theirs);
    },
  );
});

function otherCode(checkCode: string): string {
  return checkCode === "11" ? "22" : "11";
}
