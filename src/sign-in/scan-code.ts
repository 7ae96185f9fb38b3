import { Failure } from "../errors.js";
import { additionalData } from "../protocol/additional-data.js";
import { ALL_DIALECTS, type DialectChoice } from "../protocol/dialects.js";
import { initiateSecureChannel } from "../protocol/establishment.js";
import { initiateHpkeChannel } from "../protocol/hpke-channel.js";
import { msc4388Messages } from "../protocol/messages.js";
import type { SignInQrCode } from "../protocol/qr-code.js";
import type { SecureChannel, Transport } from "../protocol/secure-channel.js";
import { withinTime } from "../protocol/within-time.js";
import { API_OF_PREFIX, Msc4388Api, withoutRendezvous } from "../rendezvous/msc4388-api.js";
import { Msc4388Session } from "../rendezvous/msc4388-session.js";
import type { Dialect } from "../ui/events.js";
import type { SignInWorld } from "./world.js";

const DELETE_MS = 3500;

/**
 * Meets the device whose QR code was scanned, and makes the channel secure. What is left to do is that the
 * person types the check code there, which the other device waits for before it does anything.
 */
export async function scanCode(
  world: SignInWorld,
  code: SignInQrCode,
  dialect: Dialect | "auto",
  signal: AbortSignal,
): Promise<SecureChannel> {
  const { clock, emit, urlPolicy } = world;
  const { intent, channel } = code;
  const baseUrl = urlPolicy.check(code.baseUrl);
  const boundUrl = boundBaseUrl(code, baseUrl);
  emit({ event: "scanned", intent, channel, base_url: boundUrl });
  const session = await join(world, code, baseUrl, signal);
  try {
    const transport: Transport = {
      session,
      clock,
      messages: msc4388Messages,
      aad: (token) => additionalData(boundUrl, session.id, token),
    };
    const dialects: DialectChoice = dialect === "auto" ? ALL_DIALECTS : [dialect];
    const secure = await initiateSecureChannel(
      transport,
      (aad) => initiateHpkeChannel(code.publicKey, aad, { dialects }),
      signal,
    );
    const { dialect: found, checkCode, alternative } = secure;
    emit({ event: "secure_channel", channel, ...(found ? { dialect: found } : {}) });
    emit({ event: "check_code", check_code: checkCode, ...(alternative ? { alternative } : {}) });
    return secure.channel;
  } catch (thrown) {
    await withinTime(DELETE_MS, clock, (time) => session.delete(time));
    throw thrown;
  }
}

/** The code's prefix says which API its session was made with; the other is for servers that know but one. */
async function join(
  { http, clock }: SignInWorld,
  code: SignInQrCode,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<Msc4388Session> {
  const named = API_OF_PREFIX[code.prefix];
  for (const name of [named, named === "stable" ? "unstable" : "stable"] as const) {
    const api = new Msc4388Api(http, baseUrl, name);
    const session = await Msc4388Session.join(api, clock, code.rendezvousId, signal);
    if (session) return session;
  }
  throw withoutRendezvous(baseUrl, { status: 404, errcode: "M_UNRECOGNIZED" });
}

/** What runs under the unstable prefix binds the URL in its WHATWG serialisation, MSC4388's text as it stands. */
function boundBaseUrl({ prefix, baseUrl }: SignInQrCode, parsed: URL): string {
  return prefix === "MATRIX" ? baseUrl : parsed.href;
}

/** Refuses a code that this device, in its part, can't go on with. */
export function checkIntent(
  code: { readonly intent: SignInQrCode["intent"] },
  as: SignInQrCode["intent"],
): void {
  if (code.intent !== as) return;
  if (as === "existing") {
    throw new Failure(
      "wrong_intent",
      "This QR code is of a device that is signed in already, as this one is.",
      {
        hint: "To sign this device in with it, use `scan --as new`.",
      },
    );
  }
  throw new Failure(
    "wrong_intent",
    "This QR code is of a device that wants to be signed in, as this one does.",
    {
      hint: "To sign that device in from here, use `scan` without --as new.",
    },
  );
}
