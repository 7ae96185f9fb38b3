import type { Command } from "@commander-js/extra-typings";
import { as, signInOptions } from "./sign-in.js";
import { SOURCE } from "./source.js";
import { withOptions } from "./with-options.js";

export function scanCommand(parent: Command) {
  return withOptions(
    parent
      .command("scan")
      .summary("read a QR code, and sign the other device in")
      .description(
        "Read a QR code, and sign the device in that shows it. With --as new, sign this device in.",
      )
      .argument("<source>", SOURCE)
      .addOption(as("existing")),
    signInOptions(),
  );
}
