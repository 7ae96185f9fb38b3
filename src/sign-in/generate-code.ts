import { msUntil } from "../foundation/clock.js";
import type { ChannelVersion, Intent } from "../foundation/events.js";
import { shownHost } from "../foundation/shown-host.js";
import { encodeBase64 } from "../protocol/base64.js";
import { answerScan } from "../protocol/establishment.js";
import type { SecureChannel } from "../protocol/secure-channel.js";
import type { Confirmation } from "./confirmation.js";
import { deleteSessions } from "./delete-sessions.js";
import { type Offer, type OfferOptions, type OfferSource, startOffers } from "./offer.js";
import { waitForScan } from "./offers-on-show.js";
import type { SignInWorld } from "./world.js";

/** A QR code that is about to be shown. */
export interface CodeToShow {
  readonly payload: Uint8Array;
  readonly channel: ChannelVersion;
  /** The versions that there are codes of at the same time, the newest version first. */
  readonly versions: readonly ChannelVersion[];
}

/** A code is on show; or some device has scanned one, which nobody has confirmed to be the right device yet. */
export type MeetingStage = "shown" | "scanned";

export interface GenerateCode<Role extends Intent> extends OfferOptions {
  /** Which device this is: the QR code's intent. */
  readonly intent: Role;
  /** `auto` offers every version that the server has. */
  readonly version: ChannelVersion | "auto";
  readonly confirmation: Confirmation<Role>;
  /** Gives the path of the picture that goes with a code, once it is written; undefined where there is none. */
  readonly pictureFor?: ((code: CodeToShow) => Promise<string | undefined>) | undefined;
  /** Told how far the meeting is. */
  readonly onStage?: ((stage: MeetingStage) => void) | undefined;
}

/**
 * Device G's part of MSC4388 §Secure channel, Establishment: shows QR codes, and waits until the other device
 * has scanned one and is confirmed to be the right one. Until then it tells nobody anything: on a failure the
 * rendezvous sessions are only deleted.
 *
 * @throws {Failure} `homeserver_without_rendezvous`, `rendezvous_expired`, `rendezvous_gone`,
 *   `message_not_authentic`, `concurrent_write`, `delivery_unknown`, `check_code_wrong`, `user_cancelled`,
 *   `network_error`, `server_error`, and what the picture throws
 * @throws the signal's reason
 */
export async function generateCode<Role extends Intent>(
  world: SignInWorld,
  code: GenerateCode<Role>,
  signal: AbortSignal,
): Promise<SecureChannel<Role>> {
  const { intent, confirmation } = code;
  const { clock } = world;

  // 1. to 3. A key pair, a rendezvous session and a QR code with both, of each version
  const sources = await startOffers(world, code, signal);
  if (code.version === "auto" && sources.every(({ version }) => version === "msc4388")) {
    warnThatAppsCannotScan(world, code);
  }

  // 4. Device S scans one of them, or a fresh one that took its place, and sends its initial payload
  const show = async (offer: Offer) => {
    await showCode(world, code, sources, offer);
    code.onStage?.("shown");
  };
  // The oldest first: it is what released apps read, and where there is room for one, it is the one in sight.
  const oldestFirst = sources.toReversed();
  const { offer, initiated, othersDeleted } = await waitForScan(oldestFirst, show, clock, signal);
  const { session } = offer.insecure;
  try {
    // 5. Device G confirms
    const unconfirmed = await answerScan(intent, offer.insecure, initiated, signal);
    code.onStage?.("scanned");

    // 6. is device S's: it shows the check code

    // 7. Out-of-band confirmation
    return await confirmation(unconfirmed, session, world, signal);
  } catch (thrown) {
    await deleteSessions([session], clock);
    throw thrown;
  } finally {
    await othersDeleted;
  }
}

/**
 * Whoever helps a new device mostly holds an app, and those that were seen until November 2026 have the 2024
 * version alone (docs/apps.md). Where the version was chosen, whoever chose it knows.
 */
function warnThatAppsCannotScan(
  { emit }: SignInWorld,
  { intent, baseUrl }: Pick<GenerateCode<Intent>, "intent" | "baseUrl">,
): void {
  if (intent !== "new") return;
  const message =
    "Element X, Element Web and other apps can't read this code; this program can. They read the older version " +
    `alone, which can't be used on ${shownHost(baseUrl)} as it is set up.`;
  emit({ event: "warning", code: "apps_cannot_scan", message });
}

async function showCode(
  { clock, emit }: SignInWorld,
  { intent, baseUrl, pictureFor }: Pick<GenerateCode<Intent>, "intent" | "baseUrl" | "pictureFor">,
  sources: readonly OfferSource[],
  { insecure, payload }: Offer,
): Promise<void> {
  const { channel, expiresAt } = insecure.session;
  const versions = sources.map(({ version }) => version);
  const file = await pictureFor?.({ payload, channel, versions });
  const expires_in_ms = msUntil(expiresAt, clock);
  const expires_at = new Date(clock.date().getTime() + expires_in_ms).toISOString();
  emit({ event: "rendezvous_created", base_url: baseUrl.href, expires_in_ms, expires_at, channel });
  emit({
    event: "qr",
    payload: encodeBase64(payload),
    intent,
    channel,
    expires_in_ms,
    expires_at,
    ...(file === undefined ? {} : { file }),
  });
}
