import type { ChannelVersion } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { encodeBase64 } from "../protocol/base64.js";
import { answerScan, type UnconfirmedSecureChannel } from "../protocol/establishment.js";
import type { RendezvousSession } from "../protocol/rendezvous-session.js";
import type { SecureChannel } from "../protocol/secure-channel.js";
import { whileWatching } from "../protocol/while-watching.js";
import type { CheckCodeSource } from "../ui/check-code-source.js";
import { deleteSessions } from "./delete-sessions.js";
import { firstOffer, type Offer, type OfferOptions } from "./offer.js";
import { waitForScan } from "./offers-on-show.js";
import type { SignInWorld } from "./world.js";

/** How device G makes sure that the right device has scanned its code (MSC4388 §Secure channel, step 7). */
export type Confirmation =
  | { readonly by: "typed_code"; readonly ask: CheckCodeSource; readonly attempts: number }
  | { readonly by: "expected_user" };

export interface GenerateCode extends OfferOptions {
  /** `auto` offers every version that the server has. */
  readonly version: ChannelVersion | "auto";
  readonly confirmation: Confirmation;
  /** Writes the code to a picture file and returns its path, where one is wanted. */
  readonly writeFile?: ((payload: Uint8Array) => Promise<string>) | undefined;
  /** Is asked for each code that went into no such file: writes one where the code can't be shown otherwise. */
  readonly writeStandIn?:
    | ((payload: Uint8Array, version: ChannelVersion) => Promise<string | undefined>)
    | undefined;
}

/**
 * Makes rendezvous sessions, shows their QR codes, and waits until the other device has scanned one and the
 * check code is confirmed. Until then it tells nobody anything: on a failure the sessions are only deleted.
 */
export async function generateCode(
  world: SignInWorld,
  { version, confirmation, writeFile, writeStandIn, ...options }: GenerateCode,
  signal: AbortSignal,
): Promise<SecureChannel> {
  const { clock } = world;
  const starts = await startOffers(world, version, options, signal);
  // The version that phones read today is the one that goes into a file.
  const inFile = starts.at(-1)?.first.transport.session.channel;
  const show = async (offer: Offer) => {
    const { payload, transport } = offer;
    const { channel } = transport.session;
    const file = channel === inFile ? await writeFile?.(payload) : undefined;
    announce(world, options, offer, file ?? (await writeStandIn?.(payload, channel)));
  };
  const { offer, initiated } = await waitForScan(starts, show, clock, signal);
  const { session } = offer.transport;
  try {
    const unconfirmed = await answerScan(offer.transport, initiated, signal);
    return await confirm(world, unconfirmed, session, confirmation, signal);
  } catch (thrown) {
    await deleteSessions([session], clock);
    throw thrown;
  }
}

/** One start for each version that is wanted and had: the versions in the order of their age, newest first. */
async function startOffers(
  world: SignInWorld,
  version: ChannelVersion | "auto",
  options: OfferOptions,
  signal: AbortSignal,
) {
  if (version !== "auto") return [await firstOffer(version, world, options, signal)];
  const versions: readonly ChannelVersion[] = ["msc4388", "msc4108-2024"];
  const starts = await Promise.allSettled(versions.map((each) => firstOffer(each, world, options, signal)));
  const had = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const [first] = starts;
  if (had.length === 0 && first?.status === "rejected") throw first.reason;
  return had;
}

function announce(
  { clock, emit }: SignInWorld,
  { intent, baseUrl }: OfferOptions,
  { transport, payload }: Offer,
  file: string | undefined,
): void {
  const { channel, expiresAt } = transport.session;
  const expires_in_ms = Math.max(0, Math.round(expiresAt - clock.now()));
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

async function confirm(
  { emit, clock }: SignInWorld,
  unconfirmed: UnconfirmedSecureChannel,
  session: RendezvousSession,
  confirmation: Confirmation,
  signal: AbortSignal,
): Promise<SecureChannel> {
  const { channel } = session;
  if (confirmation.by === "expected_user") {
    const { channel: secure, checkCode, alternative } = unconfirmed.confirmForExpectedUser();
    emit({ event: "check_code", check_code: checkCode, ...(alternative ? { alternative } : {}) });
    emit({ event: "secure_channel", channel });
    return secure;
  }
  for (let attemptsLeft = confirmation.attempts; attemptsLeft > 0; ) {
    const expires_in_ms = Math.max(0, Math.round(session.expiresAt - clock.now()));
    emit({ event: "check_code_required", expires_in_ms, attempts_left: attemptsLeft });
    const code = await whileWatching(
      (watched) => unconfirmed.watch(watched),
      (watched) => confirmation.ask(attemptsLeft, watched),
      signal,
    );
    const confirmed = unconfirmed.confirm(code);
    if (confirmed) {
      const { dialect } = confirmed;
      emit({ event: "secure_channel", channel, ...(dialect ? { dialect } : {}) });
      return confirmed.channel;
    }
    attemptsLeft--;
    emit({ event: "check_code_rejected", attempts_left: attemptsLeft });
  }
  throw new Failure("check_code_wrong");
}
