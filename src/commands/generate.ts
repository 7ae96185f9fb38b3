import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import { expectRequests } from "../network/http-client.js";
import { TRIES } from "../protocol/establishment.js";
import type { ExpectedUser } from "../protocol/expected-user.js";
import { qrFileFormat } from "../qr/draw/qr-file.js";
import { byExpectedUser, byTypedCode } from "../sign-in/confirmation.js";
import {
  announceNothing,
  type ExistingAccount,
  homeserverName,
  signInOtherDevice,
} from "../sign-in/existing-device.js";
import { type GenerateCode, generateCode } from "../sign-in/generate-code.js";
import { withLikelyHomeserver } from "../sign-in/likely-homeserver.js";
import { homeserverFromProtocols, signInThisDevice } from "../sign-in/new-device.js";
import type { SignInWorld } from "../sign-in/world.js";
import { checkCodesFromLines, checkCodesFromPrompt } from "../ui/check-code-source.js";
import type { SignInContext } from "./context.js";
import { askForHomeserver, homeserverOption, namedHomeserver } from "./named-homeserver.js";
import type { GenerateOptions } from "./options/generate.js";
import { withQrPictures } from "./qr-pictures.js";
import {
  accountName,
  checkSecretsOptions,
  confirmHelping,
  linkOpener,
  openAccount,
  prepareNewDevice,
  refuseSecretsOptions,
  resolveExpectedUser,
  withWorld,
} from "./sign-in.js";

/** `generate`: shows a QR code, and goes on with the device that scans it. */
export async function generate(options: GenerateOptions, context: SignInContext): Promise<void> {
  if (options.qrFile !== undefined) qrFileFormat(options.qrFile);
  expectRequests();
  await (options.as === "new" ? generateAsNew : generateAsExisting)(options, context);
}

async function generateAsNew(options: GenerateOptions, context: SignInContext): Promise<void> {
  const { display, signal } = context;
  refuseSecretsOptions(options);
  const confirmationFor = confirmationOfNew(options, context);
  const request = await prepareNewDevice(options, context);
  const elsewhere = rendezvousOption(options);
  const named = elsewhere ?? namedHomeserver(options, context);
  if (!named && options.expectUser === undefined && !display.prompt) throw new Failure("homeserver_missing");
  await withWorld(options, context, async (world) => {
    const expectedUser = await resolveExpectedUser(options, world, signal);
    const confirmation = confirmationFor(expectedUser);
    const baseUrl = named
      ? await resolveHomeserver(named, world, signal)
      : (expectedUser?.baseUrl ?? (await askForHomeserver(world, context)));
    const account = expectedUser?.baseUrl ?? (elsewhere === undefined ? baseUrl : undefined);
    await withLikelyHomeserver(world, request, account, signal, async (likely) => {
      const channel = await withQrPictures(options.qrFile, context, (pictureFor) =>
        generateCode(
          world,
          { ...offered(options), intent: "new", baseUrl, confirmation, pictureFor, onStage: likely.at },
          signal,
        ),
      );
      const asked = { ...request, expectedUser, askedAhead: likely.asked };
      await signInThisDevice(world, asked, channel, homeserverFromProtocols, signal);
    });
  });
}

async function generateAsExisting(options: GenerateOptions, context: SignInContext): Promise<void> {
  const { signal } = context;
  if (options.rendezvous !== undefined && options.channel !== "msc4108-2024") {
    throw new Failure(
      "usage_error",
      "An existing device can use --rendezvous with --channel msc4108-2024 only.",
      {
        hint: "A code of the newer version has one URL, for where the devices meet and for the account's homeserver.",
      },
    );
  }
  const elsewhere = rendezvousOption(options);
  if (options.checkCode === "show") throw showRefused();
  checkSecretsOptions(options, ...(options.checkCode === "stdin" ? ["-"] : []));
  const confirmation = typedCode(options.checkCode, context);
  const opener = linkOpener(options, context);
  await confirmHelping(options, context, await question(options, context));
  await withWorld(options, context, async (world) => {
    const account = await openAccount(options, world, context);
    const rendezvous = await rendezvousOf(elsewhere, account, world, signal);
    const serverName = homeserverName(account);
    const channel = await withQrPictures(options.qrFile, context, (pictureFor) =>
      generateCode(
        world,
        { ...offered(options), ...rendezvous, intent: "existing", serverName, confirmation, pictureFor },
        signal,
      ),
    );
    await signInOtherDevice(world, account, opener, channel, announceNothing, signal);
  });
}

async function question(options: GenerateOptions, context: SignInContext): Promise<string> {
  const userId = await accountName(options, context);
  const account = userId === undefined ? "your account" : `your account ${escapeText(userId)}`;
  return `Show a QR code that signs whoever scans it in to ${account}?`;
}

function rendezvousOption({ rendezvous }: GenerateOptions): string | undefined {
  return rendezvous === undefined ? undefined : homeserverOption("--rendezvous", rendezvous);
}

/** Where an existing device makes its rendezvous session. Its token goes to its own homeserver alone. */
async function rendezvousOf(
  elsewhere: string | undefined,
  account: ExistingAccount,
  world: SignInWorld,
  signal: AbortSignal,
): Promise<Pick<GenerateCode<"existing">, "baseUrl" | "accessToken">> {
  if (elsewhere !== undefined) return { baseUrl: await resolveHomeserver(elsewhere, world, signal) };
  return { baseUrl: account.baseUrl, accessToken: (tokenSignal) => account.accessToken(tokenSignal) };
}

function offered({ channel, dialect }: GenerateOptions) {
  // A dialect is one of MSC4388's.
  const version = channel === "auto" && dialect !== "auto" ? "msc4388" : channel;
  return { version, dialect };
}

/** The typed check code is what makes the channel safe for this device; --expect-user closes the same hole. */
function confirmationOfNew({ checkCode, expectUser }: GenerateOptions, context: SignInContext) {
  if (checkCode !== "show") {
    const typed = typedCode(checkCode, context);
    return () => typed;
  }
  if (expectUser === undefined) throw showRefused();
  return (expectedUser: ExpectedUser | undefined) => {
    if (!expectedUser) throw showRefused();
    return byExpectedUser(expectedUser);
  };
}

function showRefused(): Failure {
  return new Failure("usage_error", "--check-code show is for a new device with --expect-user.", {
    hint: "Without a person to type the code, --expect-user says whose device this is to be.",
  });
}

function typedCode(from: "prompt" | "stdin", { display, stdin }: SignInContext) {
  // A script has one try.
  if (from === "stdin") return byTypedCode(checkCodesFromLines(stdin), 1);
  if (display.prompt) return byTypedCode(checkCodesFromPrompt(display.prompt), TRIES);
  throw new Failure("terminal_required", "The check code has to be typed, and there is no terminal.", {
    hint: "Use --check-code stdin, or for a new device --check-code show with --expect-user.",
  });
}
