import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { fingerprint } from "../foundation/fingerprint.js";
import { decodeBase64 } from "../protocol/base64.js";
import type { DevicePublicKeys } from "../protocol/device-keys.js";
import { type Recognize, signDevice } from "../session/sign-device.js";
import type { SignInContext } from "./context.js";
import { withNetwork } from "./network.js";
import type { SignDeviceOptions } from "./options/session.js";
import { printJson } from "./print-json.js";
import { aboutSession, findSession, type Named } from "./session-context.js";

/** `session sign-device`: verifies the device of a session whose client has made the device keys. */
export async function sessionSignDevice(
  options: Named<SignDeviceOptions>,
  context: SignInContext,
): Promise<void> {
  const { clock, signal, stdout } = context;
  const recognize = recognizer(options, context);
  const { store, path, session } = await findSession(options, context);
  const identity = await withNetwork(options, context, async (network) => {
    const { connectSession } = await import("../session/connect.js");
    const { homeserver } = connectSession(store, path, session, network);
    return aboutSession(path, () => signDevice({ store, path, homeserver }, recognize, clock, signal));
  }).catch((thrown: unknown) => {
    throw inItsWords(thrown);
  });
  const { ed25519 } = identity;
  if (options.json) {
    printJson({ event: "device_signed", device_id: session.device_id, ed25519 }, context);
  } else {
    const device = escapeText(session.device_id);
    stdout.write(`Device ${device} is signed and verified: ${fingerprint(identity.ed25519)}.\n`);
  }
}

/** What a sign-in calls by the same name is told as what it is here. */
function inItsWords(thrown: unknown): unknown {
  if (!(thrown instanceof Failure)) return thrown;
  const { code, message, details } = thrown;
  if (code === "user_cancelled") return new Failure(code, "Nothing was signed.", details);
  if (code !== "secrets_missing") return thrown;
  const hint =
    "Verify the device from another one, or import its session anew with `session import --recovery-key-file`.";
  return new Failure(code, message, { ...details, hint });
}

function recognizer({ fingerprint: given }: SignDeviceOptions, context: SignInContext): Recognize {
  if (given !== undefined) return { by: "fingerprint", ed25519: publicKeyOf(given) };
  const { prompt } = context.display;
  if (!prompt) {
    throw new Failure(
      "terminal_required",
      "Somebody has to compare the fingerprint, and there is no terminal.",
      {
        hint: "Give the fingerprint that the client shows with --fingerprint.",
      },
    );
  }
  return {
    by: "asking",
    ask: (identity) => prompt.confirm(question(identity), context.signal),
  };
}

function question(identity: DevicePublicKeys): string {
  return [
    "The homeserver says that the client on this session has this fingerprint (its Ed25519 key):",
    `  ${fingerprint(identity.ed25519)}`,
    "The homeserver is believed in that, unless you compare it with what the client itself shows.",
    "Sign it?",
  ].join("\n");
}

/** As it is copied from a client: in groups or not, padded or not. */
function publicKeyOf(text: string): string {
  const key = text.replace(/\s+/g, "").replace(/=+$/, "");
  if (decodeBase64(key)?.length === 32) return key;
  throw new Failure("usage_error", "A --fingerprint has to be an Ed25519 public key: base64 of 32 bytes.");
}
