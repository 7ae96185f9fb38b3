import type { Command } from "@commander-js/extra-typings";
import { globalOptions } from "./global.js";
import { withOptions } from "./with-options.js";

export function doctorCommand(parent: Command) {
  return withOptions(
    parent
      .command("doctor")
      .description("can this homeserver do QR sign-in, and if not, what must its admin set")
      .argument("<server>", "server name or base URL"),
    globalOptions(),
  );
}
