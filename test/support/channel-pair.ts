import { additionalData } from "../../src/protocol/additional-data.js";
import { msc4388Messages } from "../../src/protocol/messages.js";
import { SecureChannel, type Transport } from "../../src/protocol/secure-channel.js";
import { Msc4388Session } from "../../src/rendezvous/msc4388-session.js";
import { FakeClock } from "./fake-clock.js";
import { MemoryRendezvous, RENDEZVOUS_URL } from "./memory-rendezvous.js";
import { plainChannels, textOf } from "./plain-channel.js";

const { signal } = new AbortController();

export interface ChannelPair {
  readonly clock: FakeClock;
  readonly rendezvous: MemoryRendezvous;
  readonly sessions: { readonly g: Msc4388Session; readonly s: Msc4388Session };
  readonly transports: { readonly g: Transport; readonly s: Transport };
  /** Waits for S's first message. */
  readonly g: SecureChannel;
  /** Has the first turn. */
  readonly s: SecureChannel;
  readonly plain: ReturnType<typeof plainChannels>;
  /** The messages that lay in the rendezvous session, as JSON, each as `g` or `s` wrote it. */
  readonly sent: () => { from: string; message: { type: string; reason?: string } }[];
}

/**
 * Two devices after the handshake, over a real rendezvous session in memory and a channel that hides nothing.
 * They are called g and s in the log too.
 */
export async function channelPair(
  options: ConstructorParameters<typeof MemoryRendezvous>[1] = {},
): Promise<ChannelPair> {
  const clock = new FakeClock();
  const rendezvous = new MemoryRendezvous(clock, options);
  const g = await Msc4388Session.create(rendezvous.api("g"), clock, undefined, signal);
  const s = await Msc4388Session.join(rendezvous.api("s"), clock, g.id, signal);
  if (!s) throw new Error("The server doesn't know its own API.");
  await s.write("LoginInitiate", signal);
  await g.waitForChange("person", signal);
  await g.write("LoginOk", signal);
  await s.waitForChange("machine", signal);
  rendezvous.log.length = 0;

  const aad = (token: string) => additionalData(RENDEZVOUS_URL.href, g.id, token);
  const transport = (session: Msc4388Session) => ({ session, clock, messages: msc4388Messages, aad });
  const transports = { g: transport(g), s: transport(s) };
  const plain = plainChannels();
  return {
    clock,
    rendezvous,
    sessions: { g, s },
    transports,
    g: new SecureChannel(transports.g, plain.g, "theirs"),
    s: new SecureChannel(transports.s, plain.s, "ours"),
    plain,
    sent: () => messagesIn(rendezvous),
  };
}

/** A repeated PUT counts once. */
function messagesIn({ requests }: MemoryRendezvous): ReturnType<ChannelPair["sent"]> {
  const bodies = requests.filter(({ method }) => method === "PUT").map(({ body = "" }) => body);
  return [...new Set(bodies)].flatMap((body) => {
    const { data } = JSON.parse(body);
    const text = textOf(data);
    return text === "" ? [] : [{ from: JSON.parse(data)[0], message: JSON.parse(text) }];
  });
}
