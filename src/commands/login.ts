import { Failure } from "../foundation/failures.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import { warnOfIgnored } from "../protocol/signing-in.js";
import { openSecretStorageFrom, type RecoveryKeySource } from "../secret-storage/key-source.js";
import { logInThisDevice } from "../sign-in/log-in.js";
import type { SignInContext } from "./context.js";
import { askForHomeserver, namedHomeserver } from "./named-homeserver.js";
import type { LoginOptions } from "./options/login.js";
import { recoveryKeyOfFile, recoveryKeyOfPrompt } from "./recovery-key.js";
import { prepareNewDevice, resolveExpectedUser, withWorld } from "./sign-in.js";

/** `login`: signs this device in without another one, on a page that a person opens wherever there is a browser. */
export async function login(options: LoginOptions, context: SignInContext): Promise<void> {
  const { display, signal } = context;
  const named = namedHomeserver(options, context);
  if (options.expectUser === undefined && !display.prompt) throw expectUserMissing();
  const recoveryKey = await recoveryKeySource(options, context);
  const request = await prepareNewDevice(options, context);
  await withWorld({ ...options, as: "new", alone: true }, context, async (world) => {
    const expectedUser = await resolveExpectedUser(options, world, signal);
    if (named && expectedUser) warnOfIgnored(world.emit, named, expectedUser);
    const baseUrl =
      expectedUser?.baseUrl ??
      (await (named ? resolveHomeserver(named, world, signal) : askForHomeserver(world, context)));
    await logInThisDevice(
      world,
      { ...request, expectedUser },
      baseUrl,
      (account, userId, opening) => openSecretStorageFrom(recoveryKey, account, userId, opening),
      signal,
    );
  });
}

/** A recovery key that is typed is asked for when there is an account that it can be tried on. */
async function recoveryKeySource(
  { recoveryKeyFile }: LoginOptions,
  context: SignInContext,
): Promise<RecoveryKeySource> {
  if (recoveryKeyFile !== undefined) return recoveryKeyOfFile(recoveryKeyFile, context);
  if (context.display.prompt) return recoveryKeyOfPrompt(context.display.prompt);
  const message = "The recovery key or passphrase has to be typed, and there is no terminal.";
  throw new Failure("terminal_required", message, { hint: "Use --recovery-key-file." });
}

/** Who opens a link in a log first would sign this device in to an account of their own (RFC 8628 §5.4). */
function expectUserMissing(): Failure {
  const message = "Whoever reads the output could sign this device in to their own account.";
  return new Failure("terminal_required", message, {
    hint: "Without a terminal, --expect-user says whose device this is to be.",
  });
}
