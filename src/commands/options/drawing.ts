import { EC_LEVELS, QR_SIZES } from "../../qr/draw/choices.js";
import { createCommand } from "./commander.js";
import { choice } from "./global.js";

/** How a QR code on the terminal is drawn. */
export function drawingOptions() {
  return createCommand()
    .addOption(choice("--qr <size>", "how the code is drawn", QR_SIZES))
    .addOption(choice("--ec-level <level>", "error correction", EC_LEVELS));
}
