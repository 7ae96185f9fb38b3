import { Failure } from "../errors.js";
import { additionalData } from "../protocol/additional-data.js";
import { encodeBase64 } from "../protocol/base64.js";
import { type DialectChoice, VODOZEMAC_DIALECTS } from "../protocol/dialects.js";
import { acceptScan, type UnconfirmedSecureChannel } from "../protocol/establishment.js";
import { offerHpkeChannel } from "../protocol/hpke-channel.js";
import { msc4388Messages } from "../protocol/messages.js";
import { encodeQrCode } from "../protocol/qr-code.js";
import type { SecureChannel, Transport } from "../protocol/secure-channel.js";
import { whileWatching } from "../protocol/while-watching.js";
import { withinTime } from "../protocol/within-time.js";
import { discoverRendezvousApi } from "../rendezvous/discovery.js";
import { PREFIX_OF_API, type RendezvousApi } from "../rendezvous/msc4388-api.js";
import { Msc4388Session } from "../rendezvous/msc4388-session.js";
import type { CheckCodeSource } from "../ui/check-code-source.js";
import type { Dialect, Intent } from "../ui/events.js";
import type { SignInWorld } from "./world.js";

/** How device G makes sure that the right device has scanned its code (MSC4388 §Secure channel, step 7). */
export type Confirmation =
  | { readonly by: "typed_code"; readonly ask: CheckCodeSource; readonly attempts: number }
  | { readonly by: "expected_user" };

export interface GenerateCode {
  /** Which device this is: the QR code's intent. */
  readonly intent: Intent;
  /** Where the rendezvous session is made. Of an existing device it is the account's homeserver too. */
  readonly baseUrl: URL;
  readonly accessToken?: string | undefined;
  readonly dialect: Dialect | "auto";
  readonly confirmation: Confirmation;
  /** Writes the code to a picture file and returns its path, where one is wanted. */
  readonly writeFile?: ((payload: Uint8Array) => Promise<string>) | undefined;
}

const DELETE_MS = 3500;

/**
 * Makes a rendezvous session, shows its QR code, and waits until the other device has scanned it and the
 * check code is confirmed. Until then it tells nobody anything: on a failure the session is only deleted.
 */
export async function generateCode(
  world: SignInWorld,
  { intent, baseUrl, accessToken, dialect, confirmation, writeFile }: GenerateCode,
  signal: AbortSignal,
): Promise<SecureChannel> {
  const { http, clock, emit } = world;
  const api = await discoverRendezvousApi(http, baseUrl, dialect, accessToken, signal);
  const session = await Msc4388Session.create(api, clock, accessToken, signal);
  try {
    const offered = await offerHpkeChannel({ dialects: acceptedDialects(dialect, api.name) });
    const payload = encodeQrCode({
      channel: "msc4388",
      prefix: PREFIX_OF_API[api.name],
      intent,
      publicKey: offered.publicKey,
      rendezvousId: session.id,
      baseUrl: baseUrl.href,
    });
    const file = await writeFile?.(payload);
    const { channel } = session;
    const expires_in_ms = Math.max(0, Math.round(session.expiresAt - clock.now()));
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
    const transport: Transport = {
      session,
      clock,
      messages: msc4388Messages,
      aad: (token) => additionalData(baseUrl.href, session.id, token),
    };
    const unconfirmed = await acceptScan(transport, offered, signal);
    return await confirm(world, unconfirmed, session, confirmation, signal);
  } catch (thrown) {
    await withinTime(DELETE_MS, clock, (time) => session.delete(time));
    throw thrown;
  }
}

/** The dialect can't be told from what S sends, but mostly from the API that the server has. */
function acceptedDialects(dialect: Dialect | "auto", api: RendezvousApi): DialectChoice {
  if (dialect !== "auto") return [dialect];
  return api === "stable" ? ["msc"] : VODOZEMAC_DIALECTS;
}

async function confirm(
  { emit, clock }: SignInWorld,
  unconfirmed: UnconfirmedSecureChannel,
  { channel, expiresAt }: Msc4388Session,
  confirmation: Confirmation,
  signal: AbortSignal,
): Promise<SecureChannel> {
  if (confirmation.by === "expected_user") {
    const { channel: secure, checkCode, alternative } = unconfirmed.confirmForExpectedUser();
    emit({ event: "check_code", check_code: checkCode, ...(alternative ? { alternative } : {}) });
    emit({ event: "secure_channel", channel });
    return secure;
  }
  for (let attemptsLeft = confirmation.attempts; attemptsLeft > 0; ) {
    const expires_in_ms = Math.max(0, Math.round(expiresAt - clock.now()));
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
