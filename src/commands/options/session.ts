import type { Command } from "@commander-js/extra-typings";
import { choice, globalOptions, OF_DISPLAY, OF_NETWORK, seconds } from "./global.js";
import { RECOVERY_KEY_FILE } from "./sign-in.js";
import { type OptionsOf, withOptions } from "./with-options.js";

/** The verbs of `session`, each below the command that groups them. */

const NAME = "the session, by its name or path";
const MIN_VALID_S = 60;

const TO_USE = { session: "the session to use", without: OF_DISPLAY };
/** No server is asked, and nothing is waited for. */
const OF_FILES = { ...TO_USE, without: ["--timeout", ...OF_DISPLAY, ...OF_NETWORK] as const };

export function sessionCommand(parent: Command) {
  return parent
    .command("session")
    .summary("what to do with a session: list, token, run, …")
    .description("What can be done with the session that a sign-in ends with.");
}

export function listCommand(session: Command) {
  return withOptions(
    session.command("list").summary("list the sessions").description("List the sessions there are."),
    globalOptions({ without: ["--session", ...OF_FILES.without] }),
  );
}

export function showCommand(session: Command) {
  return withOptions(
    session
      .command("show")
      .summary("what it holds, without its secrets")
      .description("Show what a session holds, without its secrets.")
      .argument("[name]", NAME)
      .option("--show-secrets", "show its tokens and keys too"),
    globalOptions(OF_FILES),
  );
}

export type ShowOptions = OptionsOf<typeof showCommand>;

export function checkCommand(session: Command) {
  return withOptions(
    session
      .command("check")
      .summary("does it live, is it verified")
      .description("Ask the homeserver whether a session lives, is verified, and has the current backup key.")
      .argument("[name]", NAME),
    globalOptions(TO_USE),
  );
}

export function tokenCommand(session: Command) {
  return withOptions(
    session
      .command("token")
      .summary("print an access token")
      .description("Print an access token, refreshed if need be.")
      .argument("[name]", NAME)
      .addOption(seconds("--min-valid <seconds>", "how long it has to be good").default(MIN_VALID_S)),
    globalOptions(TO_USE),
  );
}

export type TokenOptions = OptionsOf<typeof tokenCommand>;

export function refreshCommand(session: Command) {
  return withOptions(
    session
      .command("refresh")
      .summary("refresh its tokens now")
      .description("Refresh a session's tokens, whether they need it or not.")
      .argument("[name]", NAME),
    globalOptions(TO_USE),
  );
}

export function exportCommand(session: Command) {
  return withOptions(
    session
      .command("export")
      .summary("print it, secrets and all")
      .description("Print a session for another program, secrets and all.")
      .argument("[name]", NAME)
      .option("--show-secrets", "print it to a terminal too")
      .addOption(choice("--format <format>", "what is printed", ["json"])),
    globalOptions(OF_FILES),
  );
}

export type ExportOptions = OptionsOf<typeof exportCommand>;

export function logoutCommand(session: Command) {
  return withOptions(
    session
      .command("logout")
      .summary("revoke its tokens and delete it")
      .description("Revoke a session's tokens and delete it. Nothing secret of it stays on disk.")
      .argument("[name]", NAME),
    globalOptions(TO_USE),
  );
}

export function signDeviceCommand(session: Command) {
  return withOptions(
    session
      .command("sign-device")
      .summary("sign the keys of the client that took it over")
      .description(
        "Sign the device keys that a client has uploaded since a sign-in with --device-keys defer.",
      )
      .argument("[name]", NAME)
      .option("--fingerprint <ed25519>", "sign these keys only; as the client shows its fingerprint"),
    globalOptions(TO_USE),
  );
}

export type SignDeviceOptions = OptionsOf<typeof signDeviceCommand>;

export function importCommand(session: Command) {
  return withOptions(
    session
      .command("import")
      .summary("take in another program's session")
      .description("Take in another program's session, or make one of an access token.")
      .argument("[file]", "a portable session, - for stdin")
      .option("--token-file <path>", "an access token instead; - for stdin; with --homeserver")
      .option("--homeserver <name or URL>", "the token's homeserver (env MATRIX_QR_LOGIN_HOMESERVER)")
      .option(
        "--secrets <file>",
        "where the keys are; the cross-signing and backup keys, if not in the session",
      )
      .option("--recovery-key-file <path>", RECOVERY_KEY_FILE)
      .option("--offline", "believe it, and ask the homeserver nothing"),
    globalOptions({ session: "the session to make", without: OF_DISPLAY }),
  );
}

export type ImportOptions = OptionsOf<typeof importCommand>;
