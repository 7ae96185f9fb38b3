import type { Command } from "@commander-js/extra-typings";
import { InvalidArgumentError } from "commander";
import { LIKENESSES } from "../../dev-homeserver/behaviour.js";
import { DECISIONS, RENDEZVOUS_MODES } from "../../dev-homeserver/options.js";
import { CHANNEL_VERSIONS } from "../../foundation/events.js";
import { Option } from "./commander.js";
import { globalOptions, OF_DISPLAY, seconds, wholeNumber } from "./global.js";
import { type OptionsOf, withOptions } from "./with-options.js";

/** `both` offers what a key switches between on the other side. */
const CHANNELS = [...CHANNEL_VERSIONS, "both"] as const;

const IN_FRONT = "In front of a Synapse:";
const SESSION = "where its account's session is written; into a fresh folder by default";

export function homeserverCommand(parent: Command) {
  return withOptions(
    parent
      .command("homeserver")
      .summary("run a homeserver for developing clients")
      .description("Run the embedded homeserver, for developing clients, until it is stopped.")
      .addOption(new Option("--port <number>", "port; a free one by default").argParser(parsePort))
      .option("--host <address>", "address to listen on", "127.0.0.1")
      .addOption(
        new Option("--auto-consent [decision]", "approve each sign-in by itself; or decline it, with deny")
          .choices(DECISIONS)
          .preset("allow"),
      )
      .addOption(
        new Option("--rendezvous-mode <mode>", "which devices may show codes of the newer version").choices(
          RENDEZVOUS_MODES,
        ),
      )
      .addOption(
        new Option(
          "--channels <versions>",
          "which codes it serves: those of one version, or of both",
        ).choices(CHANNELS),
      )
      .addOption(seconds("--rendezvous-lifetime <seconds>", "how long a code of the newer version is good"))
      .addOption(seconds("--interval <seconds>", "how often a device may ask whether it was approved"))
      .addOption(seconds("--token-ttl <seconds>", "how long an access token lives"))
      .option("--user <localpart>", "who the account is; alice by default", parseLocalpart)
      .addOption(
        new Option("--like <server>", "where it differs from the specifications, do as this one").choices(
          LIKENESSES,
        ),
      )
      .addOption(new Option("--like-synapse", "the same as --like synapse").implies({ like: "synapse" }))
      .optionsGroup(IN_FRONT)
      .option("--synapse <url>", "stand in front of this Synapse")
      .option("--synapse-secret-file <path>", "its secret; of matrix_authentication_service in its settings")
      .option("--allow-remote-synapse", "let it be on another machine; it has to be one for tests")
      .option("--public-url <url>", "where clients reach this server, if a proxy is in front of it")
      .optionsGroup("Options:"),
    ownGlobalOptions(),
  );
}

/** Its session is none that an environment variable names. */
function ownGlobalOptions() {
  const shared = globalOptions({
    without: OF_DISPLAY,
    timeout: "none",
    networkGroup: IN_FRONT,
  });
  for (const option of shared.options) if (option.long === "--session") option.description = SESSION;
  return shared;
}

function parsePort(text: string): number {
  return wholeNumber(text, 0, 65_535);
}

/** Matrix specification, Appendices §User Identifiers. */
function parseLocalpart(text: string): string {
  if (/^[a-z0-9._=/+-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("It has to be of the letters a to z, digits, and . _ = - / +.");
}

export type HomeserverOptions = OptionsOf<typeof homeserverCommand>;
