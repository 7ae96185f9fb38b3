import { writeFile } from "node:fs/promises";
import * as v from "valibot";
import { expect } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { ChannelVersion, Intent, LoginEvent } from "../../src/foundation/events.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { publicCrossSigningKeys } from "../../src/protocol/cross-signing.js";
import { SecretsBundle } from "../../src/protocol/secrets.js";
import { isSignedBy } from "../../src/protocol/signatures.js";
import type { Machine } from "./computer.js";
import { signIn } from "./dev-homeserver.js";
import { OTHER } from "./device-pair.js";
import type { EventProcess } from "./event-process.js";
import type { StartPeer } from "./interop.js";
import type { Peer, PeerEvent } from "./peers.js";

/** A device of whatever implementation, in a process of its own. */
type Device = EventProcess<LoginEvent | PeerEvent>;

/** How an implementation is started as either device. */
export interface Implementation {
  generate(role: Intent): Promise<Device>;
  scan(role: Intent, payload: string): Promise<Device>;
}

/** The two devices of a sign-in, by what they do and by what they are. */
export interface Pair {
  readonly generator: Device;
  readonly scanner: Device;
  readonly newDevice: Device;
  readonly existingDevice: Device;
  readonly checkCode: string;
}

export interface CliOptions {
  readonly version: ChannelVersion | "auto";
  readonly generate?: readonly string[];
  readonly scan?: readonly string[];
}

const CLI_ROLE_OPTIONS: Readonly<Record<Intent, readonly string[]>> = {
  new: ["--as", "new", "--session", "new"],
  existing: ["--as", "existing", "--session", "existing", "--yes", "--no-browser"],
};

/** matrix-qr-login itself, as the seeded existing device or as a new one. */
export function commandLine(machine: Machine, server: DevHomeserver, options: CliOptions): Implementation {
  const start = async (role: Intent, args: readonly string[]) => {
    if (role === "existing") await machine.addSession(server.existingSession);
    return machine.start([...args, "--json", ...CLI_ROLE_OPTIONS[role]]);
  };
  const ownHomeserver = (role: Intent) => (role === "new" ? ["--homeserver", server.baseUrl.href] : []);
  return {
    generate(role) {
      const { version, generate = [] } = options;
      const args = ["--channel", version, "--check-code", "stdin", ...ownHomeserver(role), ...generate];
      return start(role, ["generate", ...args]);
    },
    scan: (role, payload) => start(role, ["scan", payload, ...ownHomeserver(role), ...(options.scan ?? [])]),
  };
}

/**
 * A peer, as a new device or as an existing one that signed in a moment ago and has no keys published yet.
 *
 * @param session the path of what the existing one's session is in
 */
export function peerDevices(
  machine: Machine,
  server: DevHomeserver,
  peer: Peer,
  startPeer: StartPeer,
  session = () => writePeerSession(machine, server),
): Implementation {
  const start = (...args: readonly string[]) => startPeer(peer, ...args);
  return {
    async generate(role) {
      return role === "new"
        ? start("new-generate", server.baseUrl.href)
        : start("existing-generate", await session());
    },
    async scan(role, payload) {
      return role === "new" ? start("new-scan", payload) : start("existing-scan", await session(), payload);
    },
  };
}

/** Signs that device in. */
export async function writePeerSession(machine: Machine, server: DevHomeserver): Promise<string> {
  const deviceId = "PEERDEVICE";
  const { clientId, accessToken, refreshToken } = await signIn(server, deviceId);
  const { base_url, user_id, secrets } = server.existingSession;
  const session = {
    base_url,
    user_id,
    device_id: deviceId,
    access_token: accessToken,
    refresh_token: refreshToken,
    oauth: { issuer: base_url, client_id: clientId },
    secrets,
  };
  const path = machine.path("peer-session.json");
  await writeFile(path, JSON.stringify(session));
  return path;
}

/**
 * One device shows a code, the other scans it and shows the check code, which is yet to be typed.
 *
 * @param version which code is scanned, where there are several
 */
export async function meet(
  generating: Implementation,
  role: Intent,
  scanning: Implementation,
  version?: ChannelVersion,
): Promise<Pair> {
  const generator = await generating.generate(role);
  const { payload } = await generator.event(
    "qr",
    (qr) => !version || !("channel" in qr) || qr.channel === version,
  );
  const scanner = await scanning.scan(OTHER[role], payload);
  const { check_code: checkCode } = await scanner.event("check_code");
  await generator.event("check_code_required");
  const [newDevice, existingDevice] = role === "new" ? [generator, scanner] : [scanner, generator];
  return { generator, scanner, newDevice, existingDevice, checkCode };
}

/** Runs a sign-in to its end, at which the homeserver and the new device itself know that as verified. */
export async function expectSignIn(
  server: DevHomeserver,
  generating: Implementation,
  role: Intent,
  scanning: Implementation,
  version?: ChannelVersion,
): Promise<void> {
  const { generator, scanner, newDevice, checkCode } = await meet(generating, role, scanning, version);
  generator.type(checkCode);
  const [generated, scanned] = await Promise.all([generator.ended, scanner.ended]);
  expect([generated.code, scanned.code], generator.describe() + scanner.describe()).toEqual([0, 0]);

  const { userId } = server.account;
  const done = await newDevice.event("done");
  expect(done).toMatchObject({ user_id: userId, verified: true });
  // What an SDK tells besides.
  if ("backup_enabled" in done)
    expect(done).toMatchObject({ has_cross_signing_keys: true, backup_enabled: true });

  const device = server.devices().find(({ deviceId }) => deviceId === done.device_id);
  const secrets = v.parse(SecretsBundle, server.existingSession.secrets);
  const { selfSigning } = publicCrossSigningKeys(secrets.cross_signing);
  expect(isSignedBy(device?.deviceKeys as JsonObject, userId, selfSigning, selfSigning)).toBe(true);
}
