import type { Command } from "@commander-js/extra-typings";
import { drawingOptions } from "./drawing.js";
import { globalOptions } from "./global.js";
import { HOMESERVER, newDeviceOptions, noBell, RECOVERY_KEY_FILE } from "./sign-in.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function loginCommand(parent: Command) {
  return withOptions(
    withOptions(
      parent
        .command("login")
        .summary("sign this device in without another one")
        .description("Sign this device in on a page that any device can open, and verify it by recovery key.")
        .option("--homeserver <name or URL>", HOMESERVER)
        .option("--recovery-key-file <path>", RECOVERY_KEY_FILE)
        .addOption(noBell()),
      withOptions(newDeviceOptions(), drawingOptions()),
    ),
    globalOptions(),
  );
}

export type LoginOptions = OptionsOf<typeof loginCommand>;
