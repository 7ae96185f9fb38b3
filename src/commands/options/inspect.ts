import type { Command } from "@commander-js/extra-typings";
import { globalOptions } from "./global.js";
import { SOURCE } from "./source.js";
import { withOptions } from "./with-options.js";

export function inspectCommand(parent: Command) {
  return withOptions(
    parent
      .command("inspect")
      .description("explain what QR codes hold; no server is contacted")
      .argument("<source...>", SOURCE),
    globalOptions(),
  );
}
