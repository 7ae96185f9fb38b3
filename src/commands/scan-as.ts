import { escapeText } from "../foundation/escape-text.js";
import { shownHost } from "../foundation/shown-host.js";
import { sideBySide } from "../foundation/side-by-side.js";
import { expectRequests } from "../network/http-client.js";
import type { SignInQrPayload } from "../protocol/qr-code.js";
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

/** A sign-in by a code that was read. */
export type SignInByCode = (code: SignInQrPayload) => Promise<void>;

/**
 * What `scan` does with a code, as either device.
 *
 * @throws {Failure} `usage_error`, `terminal_required`: before there is a code
 */
export function scanAs(source: string, options: SignInOptions, context: SignInContext): SignInByCode {
  // Whatever the code is, a server is asked next.
  expectRequests();
  const signInBy =
    options.as === "new" ? scanAsNew(options, context) : scanAsExisting(source, options, context);
  return async (code) => {
    checkIntent(code, options.as);
    await signInBy(code);
  };
}

function scanAsExisting(source: string, options: SignInOptions, context: SignInContext): SignInByCode {
  const { signal } = context;
  checkSecretsOptions(options, source);
  const opener = linkOpener(options, context);
  checkCanConfirm(options, context);
  return async (code) => {
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
  };
}

function scanAsNew(options: SignInOptions, context: SignInContext): SignInByCode {
  const { signal } = context;
  refuseSecretsOptions(options);
  return async (code) => {
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
  };
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
