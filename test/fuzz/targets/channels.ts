import fc from "fast-check";
import { expect } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { decodeBase64 } from "../../../src/protocol/base64.js";
import type { EstablishedChannel, InitiatingChannel, OfferedChannel } from "../../../src/protocol/channel.js";
import { ALL_DIALECTS } from "../../../src/protocol/dialects.js";
import { initiateEciesChannel, offerEciesChannel } from "../../../src/protocol/ecies-channel.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../../src/protocol/hpke-channel.js";
import { anyText, nearlyText } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

interface Version {
  offer(): Promise<OfferedChannel>;
  initiate(gPublicKey: Uint8Array, aad: Uint8Array): Promise<InitiatingChannel>;
}

const versions: Readonly<Record<string, Version>> = {
  msc4388: {
    offer: () => offerHpkeChannel({ dialects: ["msc"] }),
    initiate: (gPublicKey, aad) => initiateHpkeChannel(gPublicKey, aad, { dialects: ALL_DIALECTS }),
  },
  2024: {
    offer: async () => offerEciesChannel(),
    initiate: (gPublicKey) => initiateEciesChannel(gPublicKey),
  },
};

const AAD = new TextEncoder().encode("where and when");

/** Both ends, by a handshake in which each message may be changed. */
async function establish(
  { offer, initiate }: Version,
  changed: { loginInitiate?: Change; loginOk?: Change } = {},
) {
  const offered = await offer();
  const initiating = await initiate(offered.publicKey, AAD);
  const loginInitiate = applied(changed.loginInitiate, initiating.loginInitiate);
  const { loginOk, channel } = await (await offered.receiveLoginInitiate(loginInitiate, AAD)).sealLoginOk(
    AAD,
  );
  const s = await initiating.receiveLoginOk(applied(changed.loginOk, loginOk), AAD);
  const g = channel.confirm(s.checkCode);
  if (!g) throw new Error("The check codes differ.");
  return { g: g.channel, s: s.channel };
}

/** How to change a message that isn't there yet: it is put in the place of `@` in a text that is nearly that. */
type Change = string;
const changes: fc.Arbitrary<Change> = fc.oneof(
  nearlyText(fc.constant("@")),
  fc
    .tuple(fc.nat(60), fc.constantFrom("A", "+", "=", " ", "\u00e9"))
    .map(([at, character]) => `${at}:${character}`),
  anyText,
);

function applied(change: Change | undefined, message: string): string {
  const [, at, character = ""] = /^(\d+):(.)$/u.exec(change ?? "") ?? [];
  if (at !== undefined) return message.slice(0, Number(at)) + character + message.slice(Number(at) + 1);
  return change?.replace("@", () => message) ?? message;
}

/** The bytes of a message of either version: base64 may have padding that changes nothing. */
function bytesOf(message: string): string {
  return message
    .split("|")
    .map((part) => Buffer.from(decodeBase64(part) ?? Buffer.from(`no base64: ${part}`)).toString("hex"))
    .join("|");
}

async function expectRefused(run: () => Promise<unknown>): Promise<void> {
  const outcome = await outcomeOf(run);
  expect(outcome).toBeInstanceOf(Failure);
  expect(outcome).toMatchObject({ code: "message_not_authentic" });
}

/** What was sealed opens in its order on the other side, and nowhere else. */
async function expectDelivered(from: EstablishedChannel, to: EstablishedChannel, plaintext: Uint8Array) {
  const sealed = await from.seal(plaintext, AAD);
  expect(new Uint8Array(await to.open(sealed, AAD))).toEqual(plaintext);
  return sealed;
}

function targetsOf(name: string, version: Version): readonly Target[] {
  const plaintexts = fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 200 })), { maxLength: 6 });
  return [
    target(`whatever is sealed over ${name} opens in its order`, 15, plaintexts, async (messages) => {
      const { g, s } = await establish(version);
      for (const [fromG, plaintext] of messages) {
        await (fromG ? expectDelivered(g, s, plaintext) : expectDelivered(s, g, plaintext));
      }
    }),

    ...(["loginInitiate", "loginOk"] as const).map((message) =>
      target(`a changed ${message} of ${name} is not authentic`, 30, changes, async (change) => {
        let isSame = false;
        const outcome = await outcomeOf(() =>
          establish(version, {
            [message]: change,
          }),
        );
        // A change may change nothing, as padding does.
        const sample = await (await version.initiate((await version.offer()).publicKey, AAD)).loginInitiate;
        isSame = bytesOf(applied(change, sample)) === bytesOf(sample);
        if (outcome instanceof Failure) expect(outcome.code).toBe("message_not_authentic");
        else expect(isSame || /^\d+:/.test(change)).toBe(true);
      }),
    ),

    target(`a changed message over ${name} is not authentic`, 60, changes, async (change) => {
      const { g, s } = await establish(version);
      const sealed = await s.seal(Buffer.from("{}"), AAD);
      const received = applied(change, sealed);
      if (bytesOf(received) === bytesOf(sealed)) expect(await g.open(received, AAD)).toBeDefined();
      else await expectRefused(() => g.open(received, AAD));
    }),

    target(`what was never sent over ${name} is not authentic`, 100, anyText, async (text) => {
      const { g, s } = await established(version, name);
      await expectRefused(() => g.open(text, AAD));
      await expectRefused(() => s.open(text, AAD));
    }),
  ];
}

/** One pair for all that is refused anyway. */
const pairs = new Map<string, Awaited<ReturnType<typeof establish>>>();
async function established(version: Version, name: string) {
  const pair = pairs.get(name) ?? (await establish(version));
  pairs.set(name, pair);
  return pair;
}

export const channelTargets = Object.entries(versions).flatMap(([name, version]) => targetsOf(name, version));
