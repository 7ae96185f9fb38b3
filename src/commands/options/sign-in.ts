import { DIALECT_NAMES, INTENTS, type Intent } from "../../foundation/events.js";
import { createCommand, Option } from "./commander.js";
import { choice, globalOptions } from "./global.js";
import { type OptionsOf, withOptions } from "./with-options.js";

/** The options that `generate` and `scan` share. */

export const RECOVERY_KEY_FILE =
  "take the keys from the account's secret storage, with the recovery key or passphrase in this file, - for stdin";

/** Listed first by each of them, with its own default. */
export function as(role: Intent) {
  return new Option("--as <role>", "which device this is").choices(INTENTS).default(role);
}

export function signInOptions() {
  return withOptions(
    createCommand()
      .option("--homeserver <name or URL>", "server name or base URL (env MATRIX_QR_LOGIN_HOMESERVER)")
      .addOption(choice("--dialect <dialect>", "which variant of MSC4388 to use", ["auto", ...DIALECT_NAMES]))
      .optionsGroup("New device:")
      .option("--expect-user <user ID>", "refuse to end up as anyone else")
      .option(
        "--expect-master-key <base64>",
        "refuse another master cross-signing key; without this, the homeserver is trusted to tell it",
      )
      .option("--device-name <name>", "what the homeserver and its consent page call this device")
      .option("--client-id <id>", "a registered OAuth client, instead of registering one")
      .option("--device-id <id>", "the device ID to sign in with; a random one by default")
      .option("--keep-unverified", "keep a session whose secrets never came")
      .optionsGroup("Existing device:")
      .option("--no-browser", "only print the link to the consent page")
      .option("--browser <command>", "run this, without a shell, with the link as its argument")
      .option(
        "--secrets <file>",
        "where the cross-signing and backup keys are; by default in the session",
        "session",
      )
      .option("--recovery-key-file <path>", RECOVERY_KEY_FILE)
      .option("--yes", "skip the warning before another device is signed in")
      .optionsGroup("Options:"),
    globalOptions(),
  );
}

/** What either of the two is given, `as` included. */
export type SignInOptions = OptionsOf<typeof signInOptions> & { readonly as: Intent };
