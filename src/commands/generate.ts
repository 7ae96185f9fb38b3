import { Failure } from "../foundation/failures.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import type { SecureChannel } from "../protocol/secure-channel.js";
import { qrFileFormat, writeQrFile } from "../qr/draw/qr-file.js";
import {
  announceNothing,
  type ExistingAccount,
  existingDevice,
  homeserverName,
} from "../sign-in/existing-device.js";
import { type Confirmation, type GenerateCode, generateCode } from "../sign-in/generate-code.js";
import { homeserverFromProtocols, newDevice } from "../sign-in/new-device.js";
import type { SignInWorld } from "../sign-in/world.js";
import { checkCodesFromLines, checkCodesFromPrompt } from "../ui/check-code-source.js";
import type { SignInContext } from "./context.js";
import type { GenerateOptions } from "./options/generate.js";
import {
  confirmHelping,
  expectedHomeserver,
  linkOpener,
  openAccount,
  prepareNewDevice,
  withWorld,
} from "./sign-in.js";
import { withStandInPictures } from "./stand-in-pictures.js";

/** How often a check code may be typed at a terminal. A script has one try. */
const TYPED_ATTEMPTS = 3;

/** `generate`: shows a QR code, and goes on with the device that scans it. */
export async function generate(options: GenerateOptions, context: SignInContext): Promise<void> {
  if (options.qrFile !== undefined) qrFileFormat(options.qrFile);
  const confirmation = howToConfirm(options, context);
  await (options.as === "new" ? generateAsNew : generateAsExisting)(options, confirmation, context);
}

async function generateAsNew(
  options: GenerateOptions,
  confirmation: Confirmation,
  context: SignInContext,
): Promise<void> {
  const { display, signal } = context;
  const request = await prepareNewDevice(options, context);
  const named = options.rendezvous ?? options.homeserver ?? context.env["MATRIX_QR_LOGIN_HOMESERVER"];
  if (!named && options.expectUser === undefined && !display.prompt) throw new Failure("homeserver_missing");
  await withWorld(options, context, async (world) => {
    const expectedBaseUrl = await expectedHomeserver(options, world, signal);
    const baseUrl = named
      ? await resolveHomeserver(named, world, signal)
      : (expectedBaseUrl ?? (await askForHomeserver(world, context)));
    const code = { ...codeOptions(options, confirmation), intent: "new", baseUrl } as const;
    const channel = await showCode(world, code, context);
    const learnHomeserver = homeserverFromProtocols(world);
    await newDevice(world, { ...request, expectedBaseUrl }, channel, learnHomeserver, signal);
  });
}

async function generateAsExisting(
  options: GenerateOptions,
  confirmation: Confirmation,
  context: SignInContext,
): Promise<void> {
  const { signal } = context;
  if (options.rendezvous !== undefined && options.channel !== "msc4108-2024") {
    throw new Failure("usage_error", "An existing device can use --rendezvous with the 2024 version only.", {
      hint: "In MSC4388 the QR code's one URL is both the rendezvous server's and the account's homeserver.",
    });
  }
  const opener = linkOpener(options, context);
  await confirmHelping(options, context, "Show a QR code that signs whoever scans it in to your account?");
  await withWorld(options, context, async (world) => {
    const account = await openAccount(options, world, context);
    const code: GenerateCode = {
      ...codeOptions(options, confirmation),
      ...(await rendezvousOf(options.rendezvous, account, world, signal)),
      intent: "existing",
      serverName: homeserverName(account),
    };
    const channel = await showCode(world, code, context);
    await existingDevice(world, account, opener, channel, announceNothing, signal);
  });
}

function showCode(world: SignInWorld, code: GenerateCode, context: SignInContext): Promise<SecureChannel> {
  return withStandInPictures(context, (writeStandIn) =>
    generateCode(world, { ...code, writeStandIn }, context.signal),
  );
}

/** Where an existing device makes its rendezvous session. Its token goes to its own homeserver alone. */
async function rendezvousOf(
  elsewhere: string | undefined,
  account: ExistingAccount,
  world: SignInWorld,
  signal: AbortSignal,
): Promise<Pick<GenerateCode, "baseUrl" | "accessToken">> {
  if (elsewhere !== undefined) return { baseUrl: await resolveHomeserver(elsewhere, world, signal) };
  return { baseUrl: account.baseUrl, accessToken: (tokenSignal) => account.accessToken(tokenSignal) };
}

function codeOptions({ channel, dialect, qrFile }: GenerateOptions, confirmation: Confirmation) {
  const writeFile =
    qrFile === undefined
      ? undefined
      : async (payload: Uint8Array) => {
          await writeQrFile(qrFile, payload);
          return qrFile;
        };
  // A dialect is one of MSC4388's.
  const version = channel === "auto" && dialect !== "auto" ? "msc4388" : channel;
  return { version, dialect, confirmation, writeFile };
}

/** The typed check code is what makes the channel safe for this device; --expect-user closes the same hole. */
function howToConfirm(options: GenerateOptions, { display, stdin }: SignInContext): Confirmation {
  switch (options.checkCode) {
    case "show":
      if (options.as === "new" && options.expectUser !== undefined) return { by: "expected_user" };
      throw new Failure("usage_error", "--check-code show is for a new device with --expect-user.", {
        hint: "Without a person to type the code, --expect-user says whose device this is to be.",
      });
    case "stdin":
      return { by: "typed_code", ask: checkCodesFromLines(stdin), attempts: 1 };
    case "prompt":
      if (display.prompt) {
        return { by: "typed_code", ask: checkCodesFromPrompt(display.prompt), attempts: TYPED_ATTEMPTS };
      }
      throw new Failure("terminal_required", "The check code has to be typed, and there is no terminal.", {
        hint: "Use --check-code stdin, or for a new device --check-code show with --expect-user.",
      });
  }
}

async function askForHomeserver(world: SignInWorld, { display, signal }: SignInContext): Promise<URL> {
  const name = await display.prompt?.text("Homeserver, like example.org: ", signal);
  if (!name) throw new Failure("homeserver_missing");
  return resolveHomeserver(name, world, signal);
}
