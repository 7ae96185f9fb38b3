import type { Command } from "@commander-js/extra-typings";
import { InvalidArgumentError } from "commander";
import { TOLD, type Told, type Variable } from "../../proxy/child-environment.js";
import { parseListenAddress } from "../../proxy/listen-address.js";
import { Option } from "./commander.js";
import { globalOptions, OF_DISPLAY } from "./global.js";
import { type OptionsOf, withOptions } from "./with-options.js";

/** The verbs of `session` by which another program goes on from it. */

const OF_PROXY = { session: "the session to use", without: OF_DISPLAY, timeout: "none" };
const ALLOW_LOGOUT = "let the program sign it out for good; when it asks to";

export function runCommand(session: Command) {
  return withOptions(
    session
      .command("run")
      .summary("run a bot on it")
      .description(
        "Run a program on a session: it finds a homeserver and a token that lasts in its environment.",
      )
      .argument("<command...>", "the program and its arguments, after --")
      .addOption(listen())
      .addOption(
        new Option("--env <NAME=WHAT>", `another variable to set (may be repeated; ${TOLD.join(", ")})`)
          .argParser((text: string, before: readonly Variable[]) => [...before, parseVariable(text)])
          .default([], "MATRIX_HOMESERVER and the like"),
      )
      .addOption(
        new Option("--events <file>", "write events to this file; as JSON lines").argParser(
          (path: string) => {
            if (path !== "-") return path;
            throw new InvalidArgumentError("It has to be a file; --json writes them to stderr.");
          },
        ),
      )
      .option("--allow-logout", ALLOW_LOGOUT),
    globalOptions(OF_PROXY),
  );
}

export type RunCommandOptions = OptionsOf<typeof runCommand>;

export function serveCommand(session: Command) {
  return withOptions(
    session
      .command("serve")
      .summary("be a homeserver for bots that run elsewhere")
      .description("Be a homeserver on this machine for one session, with a token that lasts.")
      .addOption(listen())
      .option("--new-token", "a new local token; the old one is good for nothing then")
      .option("--allow-logout", ALLOW_LOGOUT),
    globalOptions(OF_PROXY),
  );
}

export type ServeCommandOptions = OptionsOf<typeof serveCommand>;

function listen() {
  return new Option("--listen <addr:port>", "where to listen; a free port of 127.0.0.1 by default").argParser(
    (text: string) => {
      const address = parseListenAddress(text);
      if (address) return address;
      throw new InvalidArgumentError("It has to be an address and a port up to 65535, like 127.0.0.1:8009.");
    },
  );
}

function parseVariable(text: string): Variable {
  const [, name, what = ""] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && isTold(what)) return { name, what };
  throw new InvalidArgumentError(
    `It has to be NAME=WHAT, where WHAT is one of ${TOLD.join(", ")}; for example TOKEN=access_token.`,
  );
}

function isTold(text: string): text is Told {
  return (TOLD as readonly string[]).includes(text);
}
