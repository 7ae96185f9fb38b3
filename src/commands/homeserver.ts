import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type Decision,
  type DevHomeserver,
  type DevHomeserverOptions,
  type ExistingSession,
  type RendezvousMode,
  startDevHomeserver,
} from "../dev-homeserver/dev-homeserver.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { aborted } from "./aborted.js";
import type { CommandContext } from "./context.js";
import { type SynapseCommandOptions, startInFrontOfSynapse } from "./synapse.js";

/** What a person is told of, wherever the account is. */
type RunningHomeserver = Pick<DevHomeserver, "baseUrl" | "account" | "existingSession" | "close"> & {
  readonly issuer?: URL;
};

export interface HomeserverCommandOptions extends SynapseCommandOptions {
  /** A free one by default. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** Localpart of the account; `alice` by default. */
  readonly user?: string;
  /** Answers every consent by itself: yes with `true`. */
  readonly autoConsent?: boolean | Decision;
  /** Where the existing device's session is written; by default into a fresh folder for temporary files. */
  readonly session?: string;
  /** Seconds between two polls of the token endpoint. */
  readonly interval?: number;
  /** Seconds that an access token lives. */
  readonly tokenTtl?: number;
  /** Seconds that a rendezvous session lives. */
  readonly rendezvousLifetime?: number;
  readonly rendezvousMode?: RendezvousMode;
  /** Do as Synapse and Matrix Authentication Service do where they differ from the specifications. */
  readonly likeSynapse?: boolean;
  readonly json?: boolean;
}

/** Runs the embedded development homeserver until the signal is aborted, which is its normal end. */
export async function homeserver(options: HomeserverCommandOptions, context: CommandContext): Promise<void> {
  const server = await start(options, context);
  try {
    const file = await writeSession(server.existingSession, options.session);
    try {
      if (options.json) {
        context.stdout.write(
          `${JSON.stringify({ event: "ready", base_url: server.baseUrl.href, session: file.path })}\n`,
        );
      }
      context.stderr.write(introduction(server, file.path, options.host));
      await aborted(context.signal);
    } finally {
      // It is of no use without the server.
      await rm(file.remove, { recursive: true, force: true });
    }
  } finally {
    await server.close();
  }
}

async function start(
  options: HomeserverCommandOptions,
  { clock, signal }: CommandContext,
): Promise<RunningHomeserver> {
  const autoConsent = options.autoConsent === true ? "allow" : options.autoConsent;
  const settings: DevHomeserverOptions = {
    clock,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
    ...(options.user !== undefined && { localpart: options.user }),
    ...(autoConsent && { autoConsent }),
    ...(options.interval !== undefined && { intervalMs: options.interval * 1000 }),
    ...(options.tokenTtl !== undefined && { accessTokenLifetimeMs: options.tokenTtl * 1000 }),
    ...(options.rendezvousLifetime !== undefined && {
      rendezvousLifetimeMs: options.rendezvousLifetime * 1000,
    }),
    ...(options.rendezvousMode && { rendezvous: options.rendezvousMode }),
    ...(options.likeSynapse && { likeSynapse: true }),
  };
  try {
    const { synapse } = options;
    if (synapse === undefined) return await startDevHomeserver(settings);
    return await startInFrontOfSynapse(synapse, options, settings, signal);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const reason = cause instanceof Error ? escapeText(cause.message) : "";
    throw new Failure("usage_error", `The homeserver can't listen there: ${reason}`, {
      hint: "Choose another --port or --host.",
      cause,
    });
  }
}

/** Writes the session for this user alone, over no other file. */
async function writeSession(
  session: ExistingSession,
  sessionFile: string | undefined,
): Promise<{ readonly path: string; readonly remove: string }> {
  const path = sessionFile ?? join(await mkdtemp(join(tmpdir(), "matrix-qr-login-")), "existing.json");
  try {
    await writeFile(path, `${JSON.stringify(session, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") {
      throw new Failure("session_exists", undefined, { session: path, cause });
    }
    throw new Failure("file_error", `The session can't be written to ${escapeText(path)}.`, { cause });
  }
  return { path, remove: sessionFile ?? dirname(path) };
}

function introduction(
  { baseUrl, account, issuer }: RunningHomeserver,
  session: string,
  host?: string,
): string {
  const lines = [
    `Development homeserver: ${baseUrl.href}`,
    ...(issuer ? [`  consent     ${issuer.href}link`] : []),
    `  account     ${account.userId}`,
    `  password    ${account.password}`,
    `  session     ${escapeText(session, 4096)}`,
    "",
    issuer
      ? "It stands in front of that Synapse, and forgets its tokens and this password at the end: Ctrl-C."
      : "It keeps everything in memory, and forgets it at the end: Ctrl-C.",
  ];
  if (host !== undefined && !isLoopback(host)) {
    lines.push("Anybody who can reach this machine can use it. Other machines need --allow-http for it.");
  }
  lines.push(
    "",
    "Try next, each in a terminal of its own:",
    `  matrix-qr-login generate --homeserver ${baseUrl.href}`,
    `  matrix-qr-login scan picture.png --session ${quoted(session)}`,
    "",
  );
  return `${lines.join("\n")}\n`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
