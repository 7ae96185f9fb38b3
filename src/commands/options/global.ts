import { InvalidArgumentError } from "commander";
import { createCommand, Option } from "./commander.js";
import type { OptionsOf } from "./with-options.js";

/** The options that every command takes, and the kinds of values that they share. */

const DEFAULT_TIMEOUT_S = 600;
const MAX_SECONDS = 24 * 60 * 60;

/** @param session what `--session` names */
export function globalOptions(session = "the session to use, or to make") {
  return createCommand()
    .option("--session <name or path>", `${session} (env MATRIX_QR_LOGIN_SESSION)`)
    .addOption(seconds("--timeout <seconds>", "the longest that it may take").default(DEFAULT_TIMEOUT_S))
    .addOption(
      new Option("--allow-http <host>", "allow plain http for this host; may be repeated")
        .argParser((host: string, hosts: readonly string[]) => [...hosts, host])
        .default([], "loopback only"),
    )
    .option("--json", "JSON lines on stdout, and nothing else")
    .option("--plain", "one line an event, no terminal tricks")
    .option("--verbose", "show what happens on the network; no secrets")
    .option("--trace <file>", "write the same to a file, as JSON lines");
}

/** Of what runs until somebody stops it: without a time limit, unless one is given. */
export function unboundedOptions(session: string) {
  const shared = globalOptions(session);
  for (const option of shared.options) {
    if (option.long === "--timeout") option.default(option.defaultValue, "none");
  }
  return shared;
}

export type GlobalOptions = OptionsOf<typeof globalOptions>;

/** An option whose first choice is the default. */
export function choice<Flags extends string, const First extends string, const Others extends string>(
  flags: Flags,
  description: string,
  choices: readonly [First, ...(readonly Others[])],
) {
  return new Option(flags, description).choices(choices).default(choices[0]);
}

export function seconds<Flags extends string>(flags: Flags, description: string) {
  return new Option(flags, description).argParser(parseSeconds);
}

function parseSeconds(text: string): number {
  return wholeNumber(text, 1, MAX_SECONDS, "number of seconds");
}

/** @throws {InvalidArgumentError} where it is none, or not from `least` to `most` */
export function wholeNumber(text: string, least: number, most: number, what = "number"): number {
  const parsed = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (parsed >= least && parsed <= most) return parsed;
  throw new InvalidArgumentError(`It has to be a ${what} from ${least} to ${most}.`);
}
