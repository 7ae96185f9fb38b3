import type { ChannelVersion, Dialect, Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { shownHost } from "../foundation/shown-host.js";
import type { OfferedChannel } from "../protocol/channel.js";
import { type DialectChoice, VODOZEMAC_DIALECTS } from "../protocol/dialects.js";
import { offerEciesChannel } from "../protocol/ecies-channel.js";
import { offerHpkeChannel } from "../protocol/hpke-channel.js";
import { msc4108Messages, msc4388Messages } from "../protocol/messages.js";
import { encodeQrCode } from "../protocol/qr-code.js";
import type { RendezvousSession } from "../protocol/rendezvous-session.js";
import type { InsecureChannel } from "../protocol/secure-channel.js";
import { chooseRendezvousApi } from "../rendezvous/choose-api.js";
import { Msc4108Session } from "../rendezvous/msc4108-2024-session.js";
import { PREFIX_OF_API, type RendezvousApi } from "../rendezvous/msc4388-api.js";
import { Msc4388Session } from "../rendezvous/msc4388-session.js";
import { deleteSessions } from "./delete-sessions.js";
import type { SignInWorld } from "./world.js";

/** What device G offers to whoever scans a QR code: a rendezvous session, with a key of its own. */
export interface Offer {
  readonly insecure: InsecureChannel;
  readonly channel: OfferedChannel;
  /** The QR code's bytes. */
  readonly payload: Uint8Array;
}

/** Where offers of one version come from: the first is made, the next one is as soon as it is wanted. */
export interface OfferSource {
  readonly version: ChannelVersion;
  readonly first: Offer;
  next(signal: AbortSignal): Promise<Offer>;
}

export interface OfferOptions {
  /** Which device this is: the QR code's intent. */
  readonly intent: Intent;
  /** Where the rendezvous session is made. Of an existing device it is the account's homeserver too. */
  readonly baseUrl: URL;
  /** What the 2024 version calls an existing device's homeserver. */
  readonly serverName?: string | undefined;
  /** For servers that make sessions only for devices that are signed in. */
  readonly accessToken?: ((signal: AbortSignal) => Promise<Secret>) | undefined;
  readonly dialect: Dialect | "auto";
}

/** The newest version first. */
const VERSIONS: readonly ChannelVersion[] = ["msc4388", "msc4108-2024"];

/**
 * Makes the first offer of each version that is wanted and that the server has.
 *
 * @returns at least one, the newest version first
 * @throws {Failure} `homeserver_without_rendezvous` where there would be none
 */
export async function startOffers(
  world: SignInWorld,
  { version: wanted, ...options }: OfferOptions & { readonly version: ChannelVersion | "auto" },
  signal: AbortSignal,
): Promise<readonly OfferSource[]> {
  const start = async (version: ChannelVersion): Promise<OfferSource> => {
    const next = await findOut[version](world, options, signal);
    return { version, first: await next(signal), next };
  };
  if (wanted !== "auto") return [await start(wanted)];
  const starts = await Promise.allSettled(VERSIONS.map(start));
  const had = starts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (had.length === 0)
    throw noneStarted(starts.flatMap((each) => (each.status === "rejected" ? [each.reason] : [])));
  return had;
}

/** The newest version's reason, or all of them where each is that the server has none. */
function noneStarted(reasons: readonly unknown[]): unknown {
  const missing = reasons.filter(
    (reason): reason is Failure =>
      reason instanceof Failure && reason.code === "homeserver_without_rendezvous",
  );
  const [newest] = reasons;
  if (missing.length < reasons.length || !(newest instanceof Failure)) return newest;
  return new Failure(newest.code, missing.map(({ message }) => message).join(" "), newest.details);
}

/** How offers of each version are made on this server. */
const findOut: Readonly<
  Record<
    ChannelVersion,
    (world: SignInWorld, options: OfferOptions, signal: AbortSignal) => Promise<OfferSource["next"]>
  >
> = {
  async msc4388({ http, clock }, { intent, baseUrl, accessToken, dialect }, signal) {
    const api = await chooseRendezvousApi(http, baseUrl, dialect, await accessToken?.(signal), signal);
    return async (nextSignal) => {
      // 1. Ephemeral key pair generation
      const offering = offerHpkeChannel({ dialects: acceptedDialects(dialect, api.name) });
      // It is waited for below, and may fail before that.
      offering.catch(() => undefined);
      // 2. Create rendezvous session
      const token = await accessToken?.(nextSignal);
      const session = await Msc4388Session.create(api, clock, token, nextSignal);
      return orDeleted(session, clock, async () => {
        const channel = await offering;
        // 3. Initial key exchange
        const payload = encodeQrCode({
          channel: "msc4388",
          prefix: PREFIX_OF_API[api.name],
          intent,
          publicKey: channel.publicKey,
          rendezvousId: session.id,
          baseUrl: baseUrl.href,
        });
        return { insecure: { session, clock, messages: msc4388Messages }, channel, payload };
      });
    };
  },

  async "msc4108-2024"(world, { intent, baseUrl, serverName }) {
    const { clock } = world;
    return async (nextSignal) => {
      // 1. Ephemeral key pair generation (2024 version §Establishment, step 1)
      const channel = offerEciesChannel();
      // 2. Create rendezvous session
      const session = await Msc4108Session.create(world, baseUrl, nextSignal);
      if (!session) {
        const message = `${shownHost(baseUrl)} has no QR codes of the version that apps read today (msc4108-2024).`;
        throw new Failure("homeserver_without_rendezvous", message);
      }
      return orDeleted(session, clock, async () => {
        // 3. Initial key exchange
        const payload = encodeQrCode({
          channel: "msc4108-2024",
          prefix: "MATRIX",
          intent,
          publicKey: channel.publicKey,
          rendezvousUrl: session.url.href,
          ...(intent === "existing" && serverName !== undefined ? { serverName } : {}),
        });
        return { insecure: { session, clock, messages: msc4108Messages }, channel, payload };
      });
    };
  },
};

/** The offer of a session. One whose code can't be made is of no use to anybody. */
async function orDeleted(
  session: RendezvousSession,
  clock: SignInWorld["clock"],
  offer: () => Promise<Offer>,
): Promise<Offer> {
  try {
    return await offer();
  } catch (thrown) {
    await deleteSessions([session], clock);
    throw thrown;
  }
}

/** The dialect can't be told from what S sends, but mostly from the API that the server has. */
function acceptedDialects(dialect: Dialect | "auto", api: RendezvousApi): DialectChoice {
  if (dialect !== "auto") return [dialect];
  return api === "stable" ? ["msc"] : VODOZEMAC_DIALECTS;
}
