import { DIALECT_NAMES, INTENTS, type Intent } from "../../foundation/events.js";
import { createCommand, Option } from "./commander.js";
import { choice, globalOptions } from "./global.js";
import { type OptionsOf, withOptions } from "./with-options.js";

/** The options that `generate` and `scan` share. */

export const RECOVERY_KEY_FILE =
  "the recovery key or passphrase; the account's keys are taken from its secret storage; - for stdin";

export const HOMESERVER = "server name or base URL (env MATRIX_QR_LOGIN_HOMESERVER)";

/** Listed first by each of them, with its own default. */
export function as(role: Intent) {
  return new Option("--as <role>", "which device this is").choices(INTENTS).default(role);
}

export function noBell() {
  return new Option("--no-bell", "don't ring the terminal's bell when a person is wanted, and at the end");
}

/** What a device that is to be signed in takes, whether or not another one helps. */
export function newDeviceOptions() {
  return createCommand()
    .option("--expect-user <user ID>", "refuse to end up as anyone else")
    .option(
      "--expect-master-key <base64>",
      "refuse another master key; without this, the homeserver is trusted to tell it",
    )
    .option("--device-name <name>", "what the homeserver calls this device")
    .option("--client-id <id>", "a registered OAuth client, instead of registering one")
    .option("--device-id <id>", "the device ID to sign in with; a random one by default")
    .option("--keep-unverified", "stay signed in even if the keys never come")
    .addOption(
      choice("--device-keys <when>", "upload its keys now, or leave that to a bot", ["upload", "defer"]),
    );
}

export type NewDeviceOptions = OptionsOf<typeof newDeviceOptions>;

export function signInOptions() {
  const shared = createCommand()
    .option("--homeserver <name or URL>", HOMESERVER)
    .addOption(noBell())
    .addOption(
      choice("--dialect <dialect>", "which variant of the newer codes to use", ["auto", ...DIALECT_NAMES]),
    );
  const ofNew = withOptions(createCommand().optionsGroup("New device:"), newDeviceOptions());
  return withOptions(withOptions(withOptions(shared, ofNew), existingDeviceOptions()), globalOptions());
}

function existingDeviceOptions() {
  return createCommand()
    .optionsGroup("Existing device:")
    .option("--no-browser", "only print the link to the page")
    .option("--browser <command>", "open the link with this; without a shell, the link as its argument")
    .option(
      "--secrets <file>",
      "where the keys are; cross-signing and backup, by default in the session",
      "session",
    )
    .option("--recovery-key-file <path>", RECOVERY_KEY_FILE)
    .option("--yes", "skip the warning before it begins");
}

/** What either of the two is given, `as` included. */
export type SignInOptions = OptionsOf<typeof signInOptions> & { readonly as: Intent };
