import type { Intent } from "../../src/foundation/events.js";
import { msc4388Messages } from "../../src/protocol/messages.js";
import { type InsecureChannel, SecureChannel } from "../../src/protocol/secure-channel.js";
import { Msc4388Session } from "../../src/rendezvous/msc4388-session.js";
import { FakeClock } from "./fake-clock.js";
import { lookSoon, MemoryRendezvous, RENDEZVOUS_URL } from "./memory-rendezvous.js";
import { plainChannels, textOf } from "./plain-channel.js";

const { signal } = new AbortController();

type Other<Role extends Intent> = Role extends "new" ? "existing" : "new";

export interface ChannelPair<G extends Intent> {
  readonly clock: FakeClock;
  readonly rendezvous: MemoryRendezvous;
  readonly sessions: { readonly g: Msc4388Session; readonly s: Msc4388Session };
  readonly insecure: { readonly g: InsecureChannel; readonly s: InsecureChannel };
  /** Waits for S's first message. */
  readonly g: SecureChannel<G>;
  /** Has the first turn. */
  readonly s: SecureChannel<Other<G>>;
  readonly plain: ReturnType<typeof plainChannels>;
  /** The messages that lay in the rendezvous session, as JSON, each as `g` or `s` wrote it. */
  readonly sent: () => { from: string; message: { type: string; reason?: string } }[];
}

/**
 * Two devices after the handshake, over a real rendezvous session in memory and a channel that hides nothing.
 * They are called g and s in the log too.
 *
 * @param intent which device g is
 */
export async function channelPair<G extends Intent = "new">(
  intent: G = "new" as G,
  options: ConstructorParameters<typeof MemoryRendezvous>[1] = {},
): Promise<ChannelPair<G>> {
  const clock = new FakeClock();
  const rendezvous = new MemoryRendezvous(clock, options);
  const g = await Msc4388Session.create(rendezvous.api("g"), clock, undefined, signal);
  const s = await Msc4388Session.join(
    rendezvous.api("s"),
    clock,
    { id: g.id, boundUrl: RENDEZVOUS_URL.href },
    signal,
  );
  if (!s) throw new Error("The server doesn't know its own API.");
  lookSoon(g, clock);
  lookSoon(s, clock);
  await s.write("LoginInitiate", signal);
  await g.waitForChange("person", signal);
  await g.write("LoginOk", signal);
  await s.waitForChange("machine", signal);
  rendezvous.log.length = 0;

  const over = (session: Msc4388Session) => ({ session, clock, messages: msc4388Messages });
  const insecure = { g: over(g), s: over(s) };
  const other = (intent === "new" ? "existing" : "new") as Other<G>;
  const plain = plainChannels();
  return {
    clock,
    rendezvous,
    sessions: { g, s },
    insecure,
    g: new SecureChannel(insecure.g, plain.g, { role: intent, firstTurn: "theirs" }),
    s: new SecureChannel(insecure.s, plain.s, { role: other, firstTurn: "ours" }),
    plain,
    sent: () => messagesIn(rendezvous),
  };
}

/** A repeated PUT counts once. */
function messagesIn({ requests }: MemoryRendezvous): ReturnType<ChannelPair<Intent>["sent"]> {
  const bodies = requests.filter(({ method }) => method === "PUT").map(({ body = "" }) => body);
  return [...new Set(bodies)].flatMap((body) => {
    const { data } = JSON.parse(body);
    const text = textOf(data);
    return text === "" ? [] : [{ from: JSON.parse(data)[0], message: JSON.parse(text) }];
  });
}
