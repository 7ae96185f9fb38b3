import type { Command } from "@commander-js/extra-typings";
import { globalOptions, OF_DISPLAY } from "./global.js";
import { withOptions } from "./with-options.js";

export function doctorCommand(parent: Command) {
  return withOptions(
    parent
      .command("doctor")
      .summary("can this homeserver do it, and if not, why")
      .description("Find out whether a homeserver can do QR sign-in, and if not, what its admin must set.")
      .argument("<server>", "the homeserver's name, like example.org, or its base URL"),
    globalOptions({
      verbose: "name what the protocols call it, too; and show each request",
      without: ["--session", ...OF_DISPLAY],
    }),
  );
}
