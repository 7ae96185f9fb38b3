import type { Command } from "@commander-js/extra-typings";
import { choice, globalOptions } from "./global.js";
import { RECOVERY_KEY_FILE } from "./sign-in.js";
import { type OptionsOf, withOptions } from "./with-options.js";

/** The verbs of `session`, each below the command that groups them. */

export function sessionCommand(parent: Command) {
  return parent.command("session").description("list, show, check, import, export, logout");
}

export function listCommand(session: Command) {
  return withOptions(session.command("list").description("list the sessions"), globalOptions());
}

export function showCommand(session: Command) {
  return withOptions(
    session.command("show").description("show what a session holds, without its secrets"),
    globalOptions(),
  );
}

export function checkCommand(session: Command) {
  return withOptions(
    session.command("check").description("ask the homeserver whether it is alive and verified"),
    globalOptions(),
  );
}

export function exportCommand(session: Command) {
  return withOptions(
    session.command("export").description("print it as JSON, secrets and all"),
    globalOptions(),
  ).addOption(choice("--format <format>", "what is printed", ["json"]));
}

export function logoutCommand(session: Command) {
  return withOptions(
    session.command("logout").description("revoke its tokens and delete it"),
    globalOptions(),
  );
}

export function importCommand(session: Command) {
  return withOptions(
    session
      .command("import")
      .description("take in a session from another program")
      .argument("[file]", "a portable session, - for stdin")
      .option("--token-file <path>", "instead of a session, an access token, - for stdin; with --homeserver")
      .option("--homeserver <name or URL>", "the token's homeserver (env MATRIX_QR_LOGIN_HOMESERVER)")
      .option("--secrets <file>", "where the cross-signing and backup keys are, if not in the session")
      .option("--recovery-key-file <path>", RECOVERY_KEY_FILE)
      .option("--offline", "believe the file, and ask the homeserver nothing"),
    globalOptions(),
  );
}

export type ImportOptions = OptionsOf<typeof importCommand>;
