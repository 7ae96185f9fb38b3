import type { Command } from "@commander-js/extra-typings";
import { globalOptions } from "./global.js";
import { SOURCE } from "./source.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function inspectCommand(parent: Command) {
  return withOptions(
    parent
      .command("inspect")
      .summary("explain what QR codes hold")
      .description("Explain what QR codes hold. No server is contacted without --online.")
      .argument("<source...>", SOURCE)
      .option("--online", "ask the code's server whether it can still be scanned; neither device is told"),
    globalOptions(),
  );
}

export type InspectOptions = OptionsOf<typeof inspectCommand>;
