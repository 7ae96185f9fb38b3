import type { Command } from "@commander-js/extra-typings";
import { globalOptions, OF_DISPLAY } from "./global.js";
import { SOURCE } from "./source.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function inspectCommand(parent: Command) {
  return withOptions(
    parent
      .command("inspect")
      .summary("explain what QR codes hold")
      .description("Explain what QR codes hold. Without --online no server is contacted.")
      .argument("<source...>", SOURCE)
      .option("--online", "ask the code's server whether it can still be scanned; neither device is told"),
    globalOptions({
      without: ["--session", ...OF_DISPLAY],
      verbose: "name what the protocol calls it, too; and with --online each request",
      networkGroup: "With --online:",
    }),
  );
}

export type InspectOptions = OptionsOf<typeof inspectCommand>;
