import type { Command } from "@commander-js/extra-typings";
import { globalOptions } from "./global.js";
import { type OptionsOf, withOptions } from "./with-options.js";

export function demoCommand(parent: Command) {
  return withOptions(
    parent
      .command("demo")
      .description("both devices against the embedded homeserver: one command, no account needed")
      .option("--by-hand", "prepare everything, and print the two commands to type in two terminals"),
    globalOptions(),
  );
}

export type DemoOptions = OptionsOf<typeof demoCommand>;
