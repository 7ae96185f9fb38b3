import { InvalidArgumentError } from "commander";
import { createCommand, Option } from "./commander.js";
import type { OptionsOf } from "./with-options.js";

/** The options that every command takes, and the kinds of values that they share. */

const DEFAULT_TIMEOUT_S = 600;
const MAX_SECONDS = 24 * 60 * 60;

/** What network requests may be, and where they are shown. */
export const OF_NETWORK = ["--allow-http", "--verbose", "--trace"] as const;
/** How lines are drawn: most commands draw none. */
export const OF_DISPLAY = ["--plain"] as const;

const LIMIT = "the longest that it may take";
const REQUESTS = "show what happens on the network; no secrets";
const SESSION = "the session to use, or to make";

interface Particulars {
  /** What `--session` names. */
  readonly session?: string;
  /** What changes nothing here: it is taken, as by every command, and help leaves it out. */
  readonly without?: readonly (typeof EVERYWHERE)[number][];
  /** The time limit, and what it is where none is given, in words. */
  readonly limit?: string;
  readonly timeout?: string;
  /** What `--verbose` shows, if not only requests. */
  readonly verbose?: string;
  /** The heading of those for requests, where only some options make any. */
  readonly networkGroup?: string;
}

const EVERYWHERE = ["--session", "--timeout", "--json", ...OF_DISPLAY, ...OF_NETWORK] as const;

/** For a command that only prints. */
export const WITHOUT_ALL = { without: EVERYWHERE };

export function globalOptions({
  session = SESSION,
  without = [],
  limit = LIMIT,
  timeout,
  verbose = REQUESTS,
  networkGroup,
}: Particulars = {}) {
  const shared = createCommand()
    .option("--session <name or path>", `${session} (env MATRIX_QR_LOGIN_SESSION)`)
    .addOption(seconds("--timeout <seconds>", limit).default(DEFAULT_TIMEOUT_S, timeout))
    .addOption(
      new Option("--allow-http <host>", "allow plain http for this host; may be repeated")
        .argParser((host: string, hosts: readonly string[]) => [...hosts, host])
        .default([], "loopback only"),
    )
    .option("--json", "JSON lines on stdout, and nothing else")
    .option("--plain", "one line an event, no terminal tricks")
    .option("--verbose", verbose)
    .option("--trace <file>", "write what happens on the network to a file, as JSON lines");
  // Where it shows more than requests, it isn't for these alone.
  const ofRequests = OF_NETWORK.filter((long) => long !== "--verbose" || verbose === REQUESTS);
  for (const option of shared.options) {
    if (isAmong(without, option)) option.hideHelp();
    if (networkGroup !== undefined && isAmong(ofRequests, option)) option.helpGroup(networkGroup);
  }
  return shared;
}

function isAmong(longs: readonly string[], { long }: { readonly long?: string | undefined }): boolean {
  return long !== undefined && longs.includes(long);
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
