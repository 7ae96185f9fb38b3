import { escapeText } from "../foundation/escape-text.js";
import { shownHost } from "../foundation/shown-host.js";
import { sideBySide } from "../foundation/side-by-side.js";
import { decodeQrCode, type SignInQrPayload } from "../protocol/qr-code.js";
import { readPayload } from "../qr/read/source.js";
import { announceHomeserver, type ExistingAccount, signInOtherDevice } from "../sign-in/existing-device.js";
import { withLikelyHomeserver } from "../sign-in/likely-homeserver.js";
import { homeserverFromCode, signInThisDevice } from "../sign-in/new-device.js";
import { checkIntent, type Meeting, meet, scanCode, secureMeeting } from "../sign-in/scan-code.js";
import type { SignInContext } from "./context.js";
import type { SignInOptions } from "./options/sign-in.js";
import {
  accountName,
  checkCanConfirm,
  checkSecretsOptions,
  confirmHelping,
  linkOpener,
  prepareNewDevice,
  readAccount,
  refuseSecretsOptions,
  resolveExpectedUser,
  withWorld,
} from "./sign-in.js";

/** `scan`: reads a QR code, and goes on with the device that shows it. */
export async function scan(source: string, options: SignInOptions, context: SignInContext): Promise<void> {
  await (options.as === "new" ? scanAsNew : scanAsExisting)(source, options, context);
}

async function scanAsExisting(source: string, options: SignInOptions, context: SignInContext): Promise<void> {
  const { signal } = context;
  checkSecretsOptions(options, source);
  const opener = linkOpener(options, context);
  // Without anybody to ask, that is said before a picture is looked at.
  checkCanConfirm(options, context);
  const code = await readCode(source, options, context);
  await confirmHelping(options, context, await question(code, options, context));
  await withWorld(options, context, async (world) => {
    const check = await readAccount(options, world, context);
    // That the code's session is looked at changes nothing there: it is written to once the account is known to be fit.
    const [account, meeting] = await sideBySide<[ExistingAccount, Meeting]>(
      [check, (beside) => meet(world, code, options.dialect, beside)],
      signal,
    );
    const channel = await secureMeeting(world, "existing", meeting, signal);
    const announce = announceHomeserver(account);
    await signInOtherDevice(world, account, opener, channel, announce, signal);
  });
}

async function scanAsNew(source: string, options: SignInOptions, context: SignInContext): Promise<void> {
  const { signal } = context;
  refuseSecretsOptions(options);
  const code = await readCode(source, options, context);
  const request = await prepareNewDevice(options, context);
  await withWorld(options, context, async (world) => {
    const expectedUser = await resolveExpectedUser(options, world, signal);
    const { dialect } = options;
    await withLikelyHomeserver(world, request, expectedUser?.baseUrl, signal, async (likely) => {
      likely.at("scanned");
      const channel = await scanCode(world, code, { as: "new", dialect }, signal);
      const asked = { ...request, expectedUser, askedAhead: likely.asked };
      await signInThisDevice(world, asked, channel, homeserverFromCode(code), signal);
    });
  });
}

/** Asks by the names of the account and of the server that the code leads to, as far as they are known by now. */
async function question(
  code: SignInQrPayload,
  options: SignInOptions,
  context: SignInContext,
): Promise<string> {
  const userId = await accountName(options, context);
  const url = code.channel === "msc4388" ? code.baseUrl : code.rendezvousUrl;
  const server = URL.canParse(url) ? shownHost(new URL(url)) : escapeText(url);
  return [
    `This signs the device that shows this code in to ${userId === undefined ? "your account" : `your account ${escapeText(userId)}`},`,
    `by way of ${server}, and gives it your encryption keys.`,
    "Go on only if you hold that device in your own hands. Continue?",
  ].join(" ");
}

async function readCode(
  source: string,
  options: SignInOptions,
  context: SignInContext,
): Promise<SignInQrPayload> {
  context.display.awaiting("Reading the QR code");
  const code = decodeQrCode(await readPayload(source, context));
  checkIntent(code, options.as);
  return code;
}
