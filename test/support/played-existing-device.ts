import type { TokenPoll } from "../../src/protocol/homeserver.js";
import type { Message } from "../../src/protocol/messages.js";
import type { NewDevice } from "../../src/protocol/new-device.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { channelPair } from "./channel-pair.js";
import { MemoryHomeserver, TOKENS } from "./memory-homeserver.js";
import { ending, NewRole } from "./roles.js";

export const { signal } = new AbortController();
export const ACCEPTED = { type: "m.login.protocol_accepted" } as const;
export const GRANTED: TokenPoll = { status: "granted", tokens: TOKENS };

/** A new device that has scanned the code, against an existing device that a test plays by hand. */
export async function newDevice(changes: Partial<NewDevice> = {}) {
  const pair = await channelPair("existing");
  const homeserver = new MemoryHomeserver(pair.clock);
  const role = new NewRole(homeserver, changes);
  return { ...pair, homeserver, role, peer: pair.g, run: () => role.run(pair.s) };
}

export type New = Awaited<ReturnType<typeof newDevice>>;
export type Play = (peer: SecureChannel) => Promise<unknown>;

/** Runs the role while the other device does this, and gives how the role ended and what the other was told. */
export async function against({ clock, run, peer }: New, play: Play) {
  const [end, told] = await clock.runUntil(Promise.all([run(), ending(play(peer))]));
  return { failure: end.failure, result: "result" in end ? end.result : undefined, told: told.failure };
}

export const accept: Play = async (peer) => {
  await peer.receive(["m.login.protocol"], "machine", signal);
  await peer.send(ACCEPTED, signal);
};

/** Helps up to the consent, and listens for what comes of it. */
export const untilSuccess: Play = async (peer) => {
  await accept(peer);
  await peer.receive(["m.login.success"], "machine", signal);
};

export const sending =
  (message: Message): Play =>
  async (peer) => {
    await untilSuccess(peer);
    await peer.sendFinal(message, signal);
  };

export const sendingSecretsOf = ({ secrets }: MemoryHomeserver) =>
  sending({ type: "m.login.secrets", ...secrets });

export const deletesOf = ({ rendezvous }: New) =>
  rendezvous.written("s").filter((entry) => entry === "s DELETE");
export const sentBy = ({ sent }: New) =>
  sent()
    .filter(({ from }) => from === "s")
    .map(({ message }) => message);
