import type { ChannelVersion, Intent } from "../../src/foundation/events.js";
import { Machine } from "../support/computer.js";
import { OTHER } from "../support/device-pair.js";
import {
  commandLine,
  type Implementation,
  peerDevices,
  writePeerSession,
} from "../support/interop-devices.js";
import { MATRIX_SDK, type Peer, PeerProcess } from "../support/peers.js";
import { using, within } from "./clean-up.js";
import { releaseOf } from "./rust-peers.js";
import { type Asked, type SlowHomeserver, withSlowHomeserver } from "./slow-homeserver.js";

export const SDK = releaseOf(MATRIX_SDK);

/** Longer than the slowest takes by far. */
const BOUND_MS = 60_000;

/** Whose two devices it is: this program's, in one of its versions, or the SDK's, which has only the 2024 one. */
export type Subject = ChannelVersion | "matrix-sdk";

export interface SignInOptions {
  readonly subject: Subject;
  /** What the device that shows the code is. */
  readonly role: Intent;
  readonly roundTripMs: number;
  /** Told of each device's process as it starts. */
  readonly watch?: (role: Intent, pid: number) => void;
}

export interface SignIn {
  /** From the QR code on show until both devices are done, the scanner's start included. */
  readonly ms: number;
  /** All requests of both devices, from the start of the first to the end of both. */
  readonly asked: readonly Asked[];
}

/** One whole sign-in, of two devices that are processes of their own. The check code is typed as soon as it is shown. */
export async function runSignIn(options: SignInOptions): Promise<SignIn> {
  const machine = await Machine.start();
  return using(
    machine,
    (machine) => machine.stop(),
    () =>
      withSlowHomeserver(options.roundTripMs, (homeserver) => {
        const peers: PeerProcess[] = [];
        const end = () => Promise.all(peers.map((peer) => peer.destroy()));
        const startPeer = (peer: Peer, ...args: readonly string[]) => {
          const started = new PeerProcess(peer, args);
          peers.push(started);
          return started;
        };
        const run = async () => timed(homeserver, await devicesOf(options.subject), options);
        const devicesOf = async (subject: Subject) => {
          if (subject !== "matrix-sdk") return commandLine(machine, homeserver.server, { version: subject });
          // Its existing device has signed in before the clock runs.
          const session = await writePeerSession(machine, homeserver.server);
          return peerDevices(machine, homeserver.server, SDK, startPeer, async () => session);
        };
        return using(peers, end, () => within(BOUND_MS, "A sign-in", run()));
      }),
  );
}

async function timed(
  { asked }: SlowHomeserver,
  devices: Implementation,
  { role, watch }: SignInOptions,
): Promise<SignIn> {
  asked.length = 0;
  const generator = await devices.generate(role);
  watch?.(role, generator.pid);
  const { payload } = await generator.event("qr");
  const shownAt = performance.now();
  const scanner = await devices.scan(OTHER[role], payload);
  watch?.(OTHER[role], scanner.pid);
  const { check_code: checkCode } = await scanner.event("check_code");
  generator.type(checkCode);
  await Promise.all([generator.event("done"), scanner.event("done")]);
  const ms = performance.now() - shownAt;
  await Promise.all([generator.ended, scanner.ended]);
  return { ms, asked: [...asked] };
}
