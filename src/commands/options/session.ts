import type { Command } from "@commander-js/extra-typings";
import { choice, globalOptions, seconds } from "./global.js";
import { RECOVERY_KEY_FILE } from "./sign-in.js";
import { type OptionsOf, withOptions } from "./with-options.js";

/** The verbs of `session`, each below the command that groups them. */

const NAME = "the session, by its name or path";
const MIN_VALID_S = 60;

export function sessionCommand(parent: Command) {
  return parent
    .command("session")
    .description("list, show, check, token, refresh, run, serve, sign-device, import, export, logout");
}

export function listCommand(session: Command) {
  return withOptions(session.command("list").description("list the sessions"), globalOptions());
}

export function showCommand(session: Command) {
  return withOptions(
    session
      .command("show")
      .description("show what a session holds, without its secrets")
      .argument("[name]", NAME)
      .option("--show-secrets", "show its tokens and keys too"),
    globalOptions(),
  );
}

export type ShowOptions = OptionsOf<typeof showCommand>;

export function checkCommand(session: Command) {
  return withOptions(
    session
      .command("check")
      .description("ask the homeserver whether it is alive and verified, and its backup key current")
      .argument("[name]", NAME),
    globalOptions(),
  );
}

export function tokenCommand(session: Command) {
  return withOptions(
    session
      .command("token")
      .description("print an access token, refreshed if need be")
      .argument("[name]", NAME)
      .addOption(seconds("--min-valid <seconds>", "how long it has to be good").default(MIN_VALID_S)),
    globalOptions(),
  );
}

export type TokenOptions = OptionsOf<typeof tokenCommand>;

export function refreshCommand(session: Command) {
  return withOptions(
    session.command("refresh").description("refresh its tokens now").argument("[name]", NAME),
    globalOptions(),
  );
}

export function exportCommand(session: Command) {
  return withOptions(
    session
      .command("export")
      .description("print it as JSON, secrets and all")
      .argument("[name]", NAME)
      .option("--show-secrets", "print it to a terminal too"),
    globalOptions(),
  ).addOption(choice("--format <format>", "what is printed", ["json"]));
}

export type ExportOptions = OptionsOf<typeof exportCommand>;

export function logoutCommand(session: Command) {
  return withOptions(
    session.command("logout").description("revoke its tokens and delete it").argument("[name]", NAME),
    globalOptions(),
  );
}

export function signDeviceCommand(session: Command) {
  return withOptions(
    session
      .command("sign-device")
      .description("sign the device keys that a client has uploaded since the sign-in")
      .argument("[name]", NAME)
      .option(
        "--fingerprint <ed25519>",
        "sign these keys and no others, as the client shows its fingerprint",
      ),
    globalOptions(),
  );
}

export type SignDeviceOptions = OptionsOf<typeof signDeviceCommand>;

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
