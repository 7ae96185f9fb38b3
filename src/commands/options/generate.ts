import type { Command } from "@commander-js/extra-typings";
import { CHANNEL_VERSIONS } from "../../foundation/events.js";
import { EC_LEVELS, QR_SIZES } from "../../qr/draw/choices.js";
import { choice } from "./global.js";
import { as, signInOptions } from "./sign-in.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function generateCommand(parent: Command) {
  return withOptions(
    parent
      .command("generate")
      .description("print a QR code and sign this device in (--as existing: sign another device in)")
      .addOption(as("new"))
      .option("--rendezvous <name or URL>", "make the rendezvous session there instead of on the homeserver")
      .addOption(choice("--channel <version>", "version of the channel", ["auto", ...CHANNEL_VERSIONS]))
      .addOption(choice("--check-code <from>", "how the check code is given", ["prompt", "stdin", "show"]))
      .option("--qr-file <path>", "also write the QR code as a picture, .png or .svg")
      .addOption(choice("--qr <size>", "how the code is drawn", QR_SIZES))
      .addOption(choice("--ec-level <level>", "error correction", EC_LEVELS)),
    signInOptions(),
  );
}

export type GenerateOptions = OptionsOf<typeof generateCommand>;
