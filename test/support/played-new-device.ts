import type { ExistingDevice } from "../../src/protocol/existing-device.js";
import type { LoginProtocol, Message } from "../../src/protocol/messages.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { channelPair } from "./channel-pair.js";
import { LINK, MemoryHomeserver, NEW_DEVICE } from "./memory-homeserver.js";
import { ExistingRole, ending } from "./roles.js";

export const { signal } = new AbortController();
export const PROTOCOL: LoginProtocol = {
  type: "m.login.protocol",
  protocol: "device_authorization_grant",
  device_authorization_grant: { verification_uri: LINK },
  device_id: NEW_DEVICE,
};
export const SUCCESS = { type: "m.login.success" } as const;

/** An existing device that has generated the code, against a new device that a test plays by hand. */
export async function existingDevice(
  changes: (homeserver: MemoryHomeserver) => Partial<ExistingDevice> = () => ({}),
) {
  const pair = await channelPair("existing");
  const homeserver = new MemoryHomeserver(pair.clock);
  const role = new ExistingRole(homeserver, changes(homeserver));
  return { ...pair, homeserver, role, peer: pair.s, run: () => role.run(pair.g) };
}

type Existing = Awaited<ReturnType<typeof existingDevice>>;

/** Runs the role while the other device does this, and gives how the role ended. */
export async function against(
  { clock, run, peer }: Existing,
  play: (peer: SecureChannel) => Promise<unknown>,
) {
  const [end] = await clock.runUntil(Promise.all([run(), play(peer)]));
  return end;
}

export const ask =
  (message: Message = PROTOCOL) =>
  async (peer: SecureChannel) => {
    await peer.send(message, signal);
    return (await ending(peer.receive(["m.login.protocol_accepted"], "machine", signal))).failure;
  };
