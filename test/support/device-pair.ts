import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { ChannelVersion, Intent, Qr } from "../../src/foundation/events.js";
import type { CliProcess } from "./cli-process.js";
import type { Machine, StartOptions } from "./machine.js";

/** What the two devices are told of a homeserver, the embedded one or another. */
export type PairServer = Pick<DevHomeserver, "baseUrl" | "existingSession">;

export interface PairOptions {
  /** Further options of the command line, for each part. */
  readonly generate?: readonly string[];
  readonly scan?: readonly string[];
  /** `msc4388` by default, whatever else the server has. */
  readonly channel?: ChannelVersion | "auto";
  /** Which code is scanned: the first by default. */
  readonly scanned?: (qr: Qr) => boolean;
  /** How the code gets to the scanner: its <source>, and what is on its stdin; by default its payload. */
  readonly carry?: (qr: Qr) => { readonly source: string; readonly input?: string | Uint8Array };
  readonly generator?: StartOptions;
  readonly scanner?: StartOptions;
}

/** Two devices, each a process: one shows a QR code, and the other has scanned it. */
export interface Pair {
  readonly generator: CliProcess;
  readonly scanner: CliProcess;
  readonly newDevice: CliProcess;
  readonly existingDevice: CliProcess;
}

export const OTHER: Readonly<Record<Intent, Intent>> = { new: "existing", existing: "new" };

/** What each part needs so that it asks nobody anything. */
const ROLE_OPTIONS: Readonly<Record<Intent, readonly string[]>> = {
  new: ["--as", "new", "--session", "new"],
  existing: ["--as", "existing", "--session", "existing", "--yes", "--no-browser"],
};

/** Of a new device, which has no account yet whose homeserver could be on this machine. */
function ownHomeserver(role: Intent, { baseUrl }: PairServer): readonly string[] {
  return role === "new" ? ["--homeserver", baseUrl.href] : [];
}

/** Starts the device that shows the code: as new, or as the existing device of the homeserver. */
export async function startGenerator(
  machine: Machine,
  server: PairServer,
  intent: Intent,
  options: Pick<PairOptions, "generate" | "channel" | "generator"> = {},
): Promise<CliProcess> {
  await machine.addSession(server.existingSession);
  const homeserver = ownHomeserver(intent, server);
  const checkCode = options.generate?.includes("--check-code") ? [] : ["--check-code", "stdin"];
  const { channel = "msc4388", generate = [], generator } = options;
  const args = [...ROLE_OPTIONS[intent], ...homeserver, ...checkCode, ...generate];
  return machine.start(["generate", "--json", "--channel", channel, ...args], generator);
}

/** Starts both devices, up to where the scanner has the code. */
export async function startPair(
  machine: Machine,
  server: PairServer,
  intent: Intent,
  options: PairOptions = {},
): Promise<Pair> {
  const generator = await startGenerator(machine, server, intent, options);
  const qr = await generator.event("qr", options.scanned);
  const { source, input } = options.carry?.(qr) ?? { source: qr.payload };
  const role = OTHER[intent];
  const args = [...ROLE_OPTIONS[role], ...ownHomeserver(role, server), ...(options.scan ?? [])];
  const scanner = machine.start(["scan", source, "--json", ...args], {
    ...options.scanner,
    ...(input === undefined ? { stdin: "none" } : { input }),
  });
  const [newDevice, existingDevice] = intent === "new" ? [generator, scanner] : [scanner, generator];
  return { generator, scanner, newDevice, existingDevice };
}

/** Somebody reads the check code on the scanner, and types it on the generator when that asks. */
export async function typeCheckCode({ generator, scanner }: Pair): Promise<void> {
  const { check_code } = await scanner.event("check_code");
  await generator.event("check_code_required");
  generator.type(check_code);
}
