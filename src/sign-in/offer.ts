import type { ChannelVersion, Dialect, Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { additionalData } from "../protocol/additional-data.js";
import type { OfferedChannel } from "../protocol/channel.js";
import { type DialectChoice, VODOZEMAC_DIALECTS } from "../protocol/dialects.js";
import { offerEciesChannel } from "../protocol/ecies-channel.js";
import { offerHpkeChannel } from "../protocol/hpke-channel.js";
import { msc4108Messages, msc4388Messages } from "../protocol/messages.js";
import { encodeQrCode } from "../protocol/qr-code.js";
import type { Transport } from "../protocol/secure-channel.js";
import { discoverRendezvousApi } from "../rendezvous/choose-api.js";
import { Msc4108Session } from "../rendezvous/msc4108-2024-session.js";
import { PREFIX_OF_API, type RendezvousApi } from "../rendezvous/msc4388-api.js";
import { Msc4388Session } from "../rendezvous/msc4388-session.js";
import type { SignInWorld } from "./world.js";

/** A QR code that may be scanned: its rendezvous session, with a key of its own. */
export interface Offer {
  readonly transport: Transport;
  readonly channel: OfferedChannel;
  /** The QR code's bytes. */
  readonly payload: Uint8Array;
}

/** Makes one offer after the other, of one version. */
export type MakeOffer = (signal: AbortSignal) => Promise<Offer>;

export interface OfferOptions {
  /** Which device this is: the QR code's intent. */
  readonly intent: Intent;
  /** Where the rendezvous session is made. Of an existing device it is the account's homeserver too. */
  readonly baseUrl: URL;
  /** What the 2024 version calls an existing device's homeserver. */
  readonly serverName?: string | undefined;
  /** For servers that make sessions only for devices that are signed in. */
  readonly accessToken?: ((signal: AbortSignal) => Promise<string>) | undefined;
  readonly dialect: Dialect | "auto";
}

/**
 * Finds out how offers of this version are made on this server, and makes the first.
 *
 * @throws {Failure} `homeserver_without_rendezvous` where they can't be
 */
export function firstOffer(
  version: ChannelVersion,
  world: SignInWorld,
  options: OfferOptions,
  signal: AbortSignal,
): Promise<{ readonly first: Offer; readonly makeNext: MakeOffer }> {
  return version === "msc4388"
    ? firstMsc4388Offer(world, options, signal)
    : firstMsc4108Offer(world, options, signal);
}

async function firstMsc4388Offer(world: SignInWorld, options: OfferOptions, signal: AbortSignal) {
  const { http, clock } = world;
  const { intent, baseUrl, accessToken, dialect } = options;
  const token = await accessToken?.(signal);
  const api = await discoverRendezvousApi(http, baseUrl, dialect, token, signal);
  const make: MakeOffer = async (makeSignal) => {
    const session = await Msc4388Session.create(api, clock, await accessToken?.(makeSignal), makeSignal);
    const channel = await offerHpkeChannel({ dialects: acceptedDialects(dialect, api.name) });
    const payload = encodeQrCode({
      channel: "msc4388",
      prefix: PREFIX_OF_API[api.name],
      intent,
      publicKey: channel.publicKey,
      rendezvousId: session.id,
      baseUrl: baseUrl.href,
    });
    const aad = (sequenceToken: string) => additionalData(baseUrl.href, session.id, sequenceToken);
    return { transport: { session, clock, messages: msc4388Messages, aad }, channel, payload };
  };
  return { first: await make(signal), makeNext: make };
}

/** The dialect can't be told from what S sends, but mostly from the API that the server has. */
function acceptedDialects(dialect: Dialect | "auto", api: RendezvousApi): DialectChoice {
  if (dialect !== "auto") return [dialect];
  return api === "stable" ? ["msc"] : VODOZEMAC_DIALECTS;
}

async function firstMsc4108Offer(world: SignInWorld, options: OfferOptions, signal: AbortSignal) {
  const { clock } = world;
  const { intent, baseUrl, serverName } = options;
  const make: MakeOffer = async (makeSignal) => {
    const session = await Msc4108Session.create(world, baseUrl, makeSignal);
    if (!session) {
      const message = `${baseUrl.host} offers no rendezvous sessions of MSC4108's 2024 version.`;
      throw new Failure("homeserver_without_rendezvous", message);
    }
    const channel = offerEciesChannel();
    const payload = encodeQrCode({
      channel: "msc4108-2024",
      prefix: "MATRIX",
      intent,
      publicKey: channel.publicKey,
      rendezvousUrl: session.url.href,
      ...(intent === "existing" && serverName !== undefined ? { serverName } : {}),
    });
    const aad = () => new Uint8Array();
    return { transport: { session, clock, messages: msc4108Messages, aad }, channel, payload };
  };
  return { first: await make(signal), makeNext: make };
}
