import type { Command } from "@commander-js/extra-typings";
import { CHANNEL_VERSIONS } from "../../foundation/events.js";
import { drawingOptions } from "./drawing.js";
import { choice } from "./global.js";
import { as, signInOptions } from "./sign-in.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function generateCommand(parent: Command) {
  return withOptions(
    parent
      .command("generate")
      .summary("print a QR code, and sign this device in")
      .description(
        "Print a QR code, and sign this device in with the help of one that scans it. With --as existing, sign in the one that scans it.",
      )
      .addOption(as("new"))
      .option(
        "--rendezvous <name or URL>",
        "the server where the two devices meet; the homeserver by default",
      )
      .addOption(
        choice(
          "--channel <version>",
          "which apps to show a code for; the newer version is for none of them yet",
          ["auto", ...CHANNEL_VERSIONS],
        ),
      )
      .addOption(choice("--check-code <from>", "where the two digits come from", ["prompt", "stdin", "show"]))
      .option("--qr-file <path>", "write the code as a picture too; .png or .svg"),
    withOptions(drawingOptions(), signInOptions()),
  );
}

export type GenerateOptions = OptionsOf<typeof generateCommand>;
