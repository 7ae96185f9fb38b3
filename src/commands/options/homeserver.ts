import type { Command } from "@commander-js/extra-typings";
import { DECISIONS, RENDEZVOUS_MODES } from "../../dev-homeserver/options.js";
import { Option } from "./commander.js";
import { choice, globalOptions, parseWholeNumber, seconds } from "./global.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function homeserverCommand(parent: Command) {
  return withOptions(
    parent
      .command("homeserver")
      .description("run the embedded development homeserver by itself")
      .addOption(new Option("--port <number>", "port; a free one by default").argParser(parseWholeNumber))
      .option("--host <address>", "address to listen on", "127.0.0.1")
      .addOption(
        new Option("--auto-consent [decision]", "answer the consent page by itself after a moment")
          .choices(DECISIONS)
          .preset("allow"),
      )
      .addOption(choice("--rendezvous-mode <mode>", "who may make rendezvous sessions", RENDEZVOUS_MODES))
      .addOption(seconds("--rendezvous-lifetime <seconds>", "how long a rendezvous session lives"))
      .addOption(seconds("--interval <seconds>", "pause between two polls for a token"))
      .addOption(seconds("--token-ttl <seconds>", "how long an access token lives"))
      .option("--like-synapse", "do as Synapse and MAS do where they differ from the specifications"),
    globalOptions(),
  );
}

export type HomeserverOptions = OptionsOf<typeof homeserverCommand>;
