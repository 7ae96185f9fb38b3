import { additionalData } from "../../src/protocol/additional-data.js";
import type { Message } from "../../src/protocol/messages.js";
import { channelPair } from "./channel-pair.js";
import { RENDEZVOUS_URL } from "./memory-rendezvous.js";

export const { signal } = new AbortController();
export const ACCEPTED = { type: "m.login.protocol_accepted" } as const;
export const SUCCESS = { type: "m.login.success" } as const;

type Pair = Awaited<ReturnType<typeof channelPair>>;

/** S has sent one message, which G has read: now it is G's turn. */
export async function gsTurn(): Promise<Pair> {
  const pair = await channelPair();
  await pair.s.send(SUCCESS, signal);
  await pair.g.receive(["m.login.success"], "machine", signal);
  pair.rendezvous.log.length = 0;
  return pair;
}

/** S writes although it isn't its turn, under the token that its last write has given, as matrix-rust-sdk does. */
export async function writeOutOfTurn({ rendezvous, sessions, plain }: Pair, message: Message): Promise<void> {
  const [{ sequenceToken = "" } = {}] = rendezvous.store.live();
  const aad = additionalData(RENDEZVOUS_URL.href, sessions.g.id, sequenceToken);
  rendezvous.interfere(await plain.s.seal(Buffer.from(JSON.stringify(message)), aad));
}
