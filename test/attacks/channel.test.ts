import { describe, expect, it } from "vitest";
import type { EstablishedChannel, InitiatingChannel, OfferedChannel } from "../../src/protocol/channel.js";
import { ALL_DIALECTS } from "../../src/protocol/dialects.js";
import { initiateEciesChannel, offerEciesChannel } from "../../src/protocol/ecies-channel.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../src/protocol/hpke-channel.js";
import { expectFailure } from "../support/failures.js";

/** Whoever can write into the rendezvous session plays with sealed messages that they can't read. */

const AAD = Buffer.from("the same for all messages, which makes it no harder");
const text = (words: string) => Buffer.from(words);

async function meet(offered: OfferedChannel, initiating: InitiatingChannel) {
  const initiated = await offered.receiveLoginInitiate(initiating.loginInitiate, AAD);
  const { loginOk, channel } = await initiated.sealLoginOk(AAD);
  const s = await initiating.receiveLoginOk(loginOk, AAD);
  const confirmed = channel.confirm(s.checkCode) ?? channel.confirm(s.alternative ?? "");
  if (!confirmed) throw new Error("The right code was refused.");
  return { g: confirmed.channel, s: s.channel };
}

const CHANNELS: Readonly<Record<string, () => Promise<{ g: EstablishedChannel; s: EstablishedChannel }>>> = {
  async MSC4388() {
    const offered = await offerHpkeChannel({ dialects: ["msc"] });
    return meet(offered, await initiateHpkeChannel(offered.publicKey, AAD, { dialects: ALL_DIALECTS }));
  },
  async "the 2024 version"() {
    const offered = offerEciesChannel();
    return meet(offered, await initiateEciesChannel(offered.publicKey));
  },
};

describe.each(Object.entries(CHANNELS))("in a channel of %s", (_, open) => {
  const refused = (channel: EstablishedChannel, message: string) =>
    expectFailure("message_not_authentic", () => channel.open(message, AAD));

  it("a message opens at the other end", async () => {
    const { g, s } = await open();
    expect(Buffer.from(await g.open(await s.seal(text("one"), AAD), AAD)).toString()).toBe("one");
  });

  it("a message that comes back to its sender doesn't open", async () => {
    const { g, s } = await open();
    for (const end of [g, s]) await refused(end, await end.seal(text("one"), AAD));
  });

  it("two messages in the wrong order don't open", async () => {
    const { g, s } = await open();
    await s.seal(text("one"), AAD);
    await refused(g, await s.seal(text("two"), AAD));
  });

  it("a message of another session doesn't open", async () => {
    const [one, other] = [await open(), await open()];
    await refused(one.g, await other.s.seal(text("one"), AAD));
  });

  it("a message with any bit flipped doesn't open", async () => {
    const bytes = Buffer.from(await (await open()).s.seal(text("x"), AAD), "base64");
    for (const at of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const { g, s } = await open();
      const flipped = Buffer.from(await s.seal(text("x"), AAD), "base64");
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await refused(g, flipped.toString("base64").replace(/=+$/, ""));
    }
  });
});
