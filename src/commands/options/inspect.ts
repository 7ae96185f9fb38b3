import type { Command } from "@commander-js/extra-typings";
import { globalOptions } from "./global.js";
import { SOURCE } from "./source.js";
import { withOptions } from "./with-options.js";

export function inspectCommand(parent: Command) {
  return withOptions(
    parent
      .command("inspect")
      .summary("explain what QR codes hold")
      .description("Explain what QR codes hold. No server is contacted.")
      .argument("<source...>", SOURCE),
    globalOptions(),
  );
}
