import type { Command } from "@commander-js/extra-typings";
import { globalOptions, OF_DISPLAY, OF_NETWORK } from "./global.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function demoCommand(parent: Command) {
  return withOptions(
    parent
      .command("demo")
      .summary("watch both devices; no account needed")
      .description("Run both devices against the embedded homeserver. No account is needed.")
      .option("--by-hand", "print the two commands to type in two terminals"),
    globalOptions({
      without: ["--session", ...OF_DISPLAY, ...OF_NETWORK],
      limit: "the longest that it may take; without end with --by-hand",
    }),
  );
}

export type DemoOptions = OptionsOf<typeof demoCommand>;
