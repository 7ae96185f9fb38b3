import { Failure } from "../foundation/failures.js";
import { userIdOf } from "../foundation/homeserver-name.js";
import { resolveUserHomeserver } from "../homeserver/resolve-homeserver.js";
import { decodeBase64 } from "../protocol/base64.js";
import { generateDeviceId, isUsableDeviceId } from "../protocol/device-keys.js";
import type { ExpectedUser } from "../protocol/expected-user.js";
import { sessionsDirectory } from "../session/directory.js";
import { existingSessionPath, newSessionFile } from "../session/resolve.js";
import type { SecretsSource } from "../session/secrets-source.js";
import { SessionStore } from "../session/store.js";
import { whyNoDesktop } from "../sign-in/desktop.js";
import { type ExistingAccount, readExistingAccount } from "../sign-in/existing-device.js";
import type { NewDeviceRequest } from "../sign-in/new-device.js";
import type { LinkOpener } from "../sign-in/open-link.js";
import type { SignInWorld } from "../sign-in/world.js";
import type { Prompt } from "../ui/display.js";
import type { SignInContext } from "./context.js";
import { defaultDeviceName } from "./device-name.js";
import { namedHomeserver } from "./named-homeserver.js";
import { withNetwork } from "./network.js";
import { refuseStdinTwice } from "./one-stdin.js";
import type { GlobalOptions } from "./options/global.js";
import type { NewDeviceOptions, SignInOptions } from "./options/sign-in.js";
import { recoveryKeyOfFile, recoveryKeyOfPrompt } from "./recovery-key.js";
import { withinRun } from "./run-deadline.js";
import { hintingAtNewSession, openStore } from "./session-context.js";
import { packageVersion } from "./version.js";

/** What `generate`, `scan` and `login` make of the options that they share. */

/** Starts a sign-in, with the network that it needs. */
export async function withWorld<T>(
  options: Pick<SignInOptions, "as" | "allowHttp" | "verbose" | "trace" | "homeserver"> & {
    readonly alone?: true;
    readonly rendezvous?: string | undefined;
  },
  context: SignInContext,
  signIn: (world: SignInWorld) => Promise<T>,
): Promise<T> {
  const { clock, display, deadline } = context;
  const emit = withinRun((event) => display.emit(event), deadline, clock);
  const { as: role, alone } = options;
  emit({ event: "started", version: packageVersion(), role, ...(alone && { alone }), contract: 1 });
  return withNetwork(options, context, (network) => {
    for (const named of [namedHomeserver(options, context), options.rendezvous]) {
      if (named) network.urlPolicy.noteOwn(named);
    }
    return signIn({ ...network, clock, emit });
  });
}

/** What the new device is to be: checked before anything is asked of the network. */
export async function prepareNewDevice(
  options: NewDeviceOptions & Pick<GlobalOptions, "session">,
  context: SignInContext,
): Promise<Omit<NewDeviceRequest, "expectedUser">> {
  const { expectUser, expectMasterKey, deviceName, clientId, keepUnverified = false, deviceKeys } = options;
  if (expectUser !== undefined) userIdOf(expectUser);
  if (expectMasterKey !== undefined && decodeBase64(expectMasterKey)?.length !== 32) {
    throw new Failure("usage_error", "--expect-master-key has to be a public key: base64 of 32 bytes.");
  }
  const deviceId = options.deviceId ?? generateDeviceId();
  if (!isUsableDeviceId(deviceId)) {
    throw new Failure(
      "usage_error",
      "A --device-id consists of 10 to 255 letters, digits or . _ ~ ! $ & ' ( ) * + , ; = : @ / - characters.",
    );
  }
  return {
    deviceId,
    sessionFile: await newSessionFile(options.session, context, deviceId),
    deviceName: deviceName ?? defaultDeviceName(context),
    clientId,
    expectedMasterKey: expectMasterKey?.replace(/=+$/, ""),
    keepUnverified,
    deviceKeys,
  };
}

/** The user of --expect-user with the homeserver that this pins, if it is given. */
export async function resolveExpectedUser(
  { expectUser }: NewDeviceOptions,
  world: SignInWorld,
  signal: AbortSignal,
): Promise<ExpectedUser | undefined> {
  return expectUser === undefined ? undefined : resolveUserHomeserver(expectUser, world, signal);
}

export async function openAccount(
  options: SignInOptions,
  world: SignInWorld,
  context: SignInContext,
): Promise<ExistingAccount> {
  const check = await readAccount(options, world, context);
  return check(context.signal);
}

/** The first half of `openAccount`: what is on this machine. It gives the second half, which asks the homeserver. */
export async function readAccount(
  options: SignInOptions,
  world: SignInWorld,
  context: SignInContext,
): ReturnType<typeof readExistingAccount> {
  const store = openStore(context);
  const path = await hintingAtNewSession(store, () => existingSessionPath(options.session, context));
  return readExistingAccount(world, store, path, await secretsSource(options, context), context.signal);
}

/**
 * Whose account the session is, for a question; undefined where that can't be known by now: what is wrong with the session
 * is said once it is opened.
 */
export async function accountName(
  options: Pick<SignInOptions, "session">,
  context: SignInContext,
): Promise<string | undefined> {
  try {
    const path = await existingSessionPath(options.session, context);
    return (await new SessionStore(sessionsDirectory(context)).read(path)).user_id;
  } catch {
    return undefined;
  }
}

/** Where the secrets come from, if not from the session: whoever is at a terminal is asked for what it lacks. */
async function secretsSource(
  { secrets, recoveryKeyFile }: SignInOptions,
  context: SignInContext,
): Promise<SecretsSource | undefined> {
  if (recoveryKeyFile !== undefined) {
    return { from: "secret_storage", recoveryKey: await recoveryKeyOfFile(recoveryKeyFile, context) };
  }
  if (secrets !== "session") return { from: "file", path: secrets };
  const { prompt } = context.display;
  return prompt && { from: "secret_storage", recoveryKey: recoveryKeyOfPrompt(prompt), ifMissing: true };
}

/**
 * Whether the options for the secrets go together, and nothing but one of them reads stdin.
 *
 * @param others what else may be `-` for stdin
 * @throws {Failure} `usage_error`
 */
export function checkSecretsOptions(
  { secrets, recoveryKeyFile }: SignInOptions,
  ...others: readonly string[]
): void {
  if (recoveryKeyFile !== undefined && secrets !== "session") refuseTwoSecrets();
  refuseStdinTwice(recoveryKeyFile, ...others);
}

/**
 * A device that is to be signed in gets its keys from the other one.
 *
 * @throws {Failure} `usage_error`
 */
export function refuseSecretsOptions({ secrets, recoveryKeyFile }: SignInOptions): void {
  if (recoveryKeyFile === undefined && secrets === "session") return;
  throw new Failure("usage_error", "--secrets and --recovery-key-file are for the existing device.", {
    hint: "To sign this device in with a recovery key, use `login`.",
  });
}

export function refuseTwoSecrets(): never {
  throw new Failure(
    "usage_error",
    "The secrets can come from --secrets or with --recovery-key-file, not both.",
  );
}

/**
 * What becomes of the verification link. Without a terminal somebody has to have said how it is opened; over
 * SSH, in CI and without a display no browser is started, since it would be the wrong one or none.
 */
export function linkOpener({ browser = true }: SignInOptions, context: SignInContext): LinkOpener {
  if (browser === false) return { by: "printing" };
  if (typeof browser === "string") return { by: "command", executable: browser };
  if (!context.display.prompt) {
    throw new Failure(
      "terminal_required",
      "There is no terminal, so nobody would see the link to the page to approve the sign-in on.",
      {
        hint: "Use --browser COMMAND to have it opened, or --no-browser where somebody reads the output.",
      },
    );
  }
  return { by: whyNoDesktop(context) ? "printing" : "system_browser" };
}

/** MSC4108 §Sign in with QR remote phishing: an existing device warns before it goes on. */
export async function confirmHelping(
  { yes }: SignInOptions,
  { display, signal }: SignInContext,
  question: string,
): Promise<void> {
  if (yes) return;
  const isWanted = await promptOf(display)
    .confirm(question, signal)
    .catch((thrown: unknown) => {
      // Leaving without an answer is a no.
      if (thrown instanceof Failure && thrown.code === "user_cancelled") return false;
      throw thrown;
    });
  if (!isWanted) throw new Failure("user_cancelled", "Cancelled. Nothing was signed in.");
}

/** @throws {Failure} `terminal_required` where nobody can be asked whether to go on, and has to be */
export function checkCanConfirm({ yes }: SignInOptions, { display }: SignInContext): void {
  if (!yes) promptOf(display);
}

function promptOf({ prompt }: SignInContext["display"]): Prompt {
  if (prompt) return prompt;
  throw new Failure("terminal_required", undefined, {
    hint: "Use --yes if you trust where the QR code is from.",
  });
}
