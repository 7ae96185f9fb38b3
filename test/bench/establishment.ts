import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as v from "valibot";
import type { ChannelVersion } from "../../src/foundation/events.js";
import { additionalData } from "../../src/protocol/additional-data.js";
import type { InitiatingChannel, OfferedChannel } from "../../src/protocol/channel.js";
import { VODOZEMAC_DIALECTS } from "../../src/protocol/dialects.js";
import { initiateEciesChannel, offerEciesChannel } from "../../src/protocol/ecies-channel.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../src/protocol/hpke-channel.js";
import { VODOZEMAC } from "../support/peers.js";
import { atMost, type Line, type Measured } from "./line.js";
import { releaseOf, titleOf } from "./rust-peers.js";
import { type Figures, figuresOf } from "./statistics.js";

const TIMES = 300;
const BOUND_MS = 60_000;
const AAD = additionalData("https://hs.example/", "rendezvous-id", "token");
const PEER = releaseOf(VODOZEMAC["0.11.1"]);

/** From both key pairs to both check codes. */
const VERSIONS: readonly {
  readonly version: ChannelVersion;
  readonly title: string;
  readonly offer: () => Promise<OfferedChannel>;
  readonly initiate: (publicKey: Uint8Array) => Promise<InitiatingChannel>;
}[] = [
  {
    version: "msc4388",
    title: "MSC4388",
    offer: () => offerHpkeChannel({ dialects: VODOZEMAC_DIALECTS }),
    initiate: (publicKey) => initiateHpkeChannel(publicKey, AAD, { dialects: VODOZEMAC_DIALECTS }),
  },
  {
    version: "msc4108-2024",
    title: "2024",
    offer: async () => offerEciesChannel(),
    initiate: initiateEciesChannel,
  },
];

export async function establishment(): Promise<readonly Measured[]> {
  const theirs = PEER.missing === undefined ? await vodozemac() : undefined;
  const lines: Line[] = [];
  for (const each of VERSIONS) {
    const own = await timed(each);
    const others = theirs?.[each.version];
    const what = `channel established, both devices, ${each.title}`;
    const lineOf = (title: string, take: (ms: readonly number[]) => Figures): Line => ({
      what: title,
      unit: "ms",
      own: take(own),
      ...(others && { beside: { name: titleOf(PEER), figures: take(others) } }),
    });
    lines.push({ ...lineOf(what, figuresOf), target: atMost(3, "ms", figuresOf(own).median) });
    lines.push(lineOf(`${what}, the first in a process`, ([first = Number.NaN]) => figuresOf([first])));
  }
  return theirs ? lines : [...lines, { what: titleOf(PEER), because: PEER.missing ?? "" }];
}

/** Milliseconds of each, as they came. */
async function timed({ offer, initiate }: (typeof VERSIONS)[number]): Promise<readonly number[]> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const start = performance.now();
    const g = await offer();
    const s = await initiate(g.publicKey);
    const initiated = await g.receiveLoginInitiate(s.loginInitiate, AAD);
    const { loginOk, channel } = await initiated.sealLoginOk(AAD);
    const { checkCode } = await s.receiveLoginOk(loginOk, AAD);
    if (!channel.confirm(checkCode)) throw new Error("The check codes differ.");
    times.push(performance.now() - start);
  }
  return times;
}

async function vodozemac(): Promise<Record<ChannelVersion, readonly number[]>> {
  const [program] = PEER.command;
  const { stdout } = await promisify(execFile)(program, ["bench", String(TIMES)], { timeout: BOUND_MS });
  const ms = v.array(v.number());
  return v.parse(v.object({ msc4388: ms, "msc4108-2024": ms }), JSON.parse(stdout));
}
