import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { type DevHomeserver, startDevHomeserver } from "../dev-homeserver/dev-homeserver.js";
import type { DevHomeserverOptions } from "../dev-homeserver/options.js";
import { withDevHomeserver } from "../dev-homeserver/served-session.js";
import type { SynapseAuthorization } from "../dev-homeserver/synapse/start.js";
import type { Clock } from "../foundation/clock.js";
import { safeJson } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { describeListenError } from "../foundation/listen-error.js";
import { isSystemError } from "../foundation/system-errors.js";
import { newSessionFile } from "../session/resolve.js";
import { aborted } from "./aborted.js";
import type { CommandContext } from "./context.js";
import { introduction } from "./homeserver-introduction.js";
import { withNetwork } from "./network.js";
import type { HomeserverOptions } from "./options/homeserver.js";
import { ownCommands } from "./own-commands.js";
import { startInFrontOfSynapse } from "./synapse.js";

/**
 * `homeserver`: runs the embedded development homeserver, or the part of it that stands in front of a Synapse, until
 * the signal is aborted, its normal end.
 */
export async function homeserver(options: HomeserverOptions, context: CommandContext): Promise<void> {
  const { clock, signal } = context;
  const { synapse } = options;
  checkOptions(options);
  const settings = settingsOf(options, clock);
  if (synapse === undefined) return serve(() => startDevHomeserver(settings), options, context);
  await withNetwork(options, context, (network) =>
    serve(() => startInFrontOfSynapse(synapse, options, settings, network, signal), options, context),
  );
}

async function serve(
  start: () => Promise<DevHomeserver | SynapseAuthorization>,
  options: HomeserverOptions,
  context: CommandContext,
): Promise<void> {
  const { signal, stdout, stderr } = context;
  const sessionFile =
    options.session === undefined
      ? undefined
      : resolve((await newSessionFile(options.session, context, "")).path);
  await withDevHomeserver(
    () => listening(start),
    sessionFile,
    tmpdir(),
    async (server, files) => {
      const { session, recoveryKeyFile } = files;
      const ready = {
        event: "ready",
        base_url: server.baseUrl.href,
        session,
        recovery_key_file: recoveryKeyFile,
      };
      if (options.json) stdout.write(`${safeJson(ready)}\n`);
      stderr.write(introduction(server, files, options.host, ownCommands(process.argv[1], context)));
      await aborted(signal);
    },
  );
}

async function listening<Server>(start: () => Promise<Server>): Promise<Server> {
  try {
    return await start();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const hint = "Choose another --port, or leave it out for a free one; or another --host.";
    throw new Failure("usage_error", describeListenError(cause), { hint, cause });
  }
}

/** An option that would change nothing is a mistake. */
function checkOptions(options: HomeserverOptions): void {
  const { synapse, synapseSecretFile, publicUrl, allowRemoteSynapse, like, likeSynapse } = options;
  const isInFront = [synapseSecretFile, publicUrl, allowRemoteSynapse].some((given) => given !== undefined);
  if (isInFront && synapse === undefined) {
    throw new Failure(
      "usage_error",
      "--synapse-secret-file, --public-url and --allow-remote-synapse are for --synapse.",
    );
  }
  if (likeSynapse && like !== "synapse") {
    throw new Failure("usage_error", "--like and --like-synapse name two different servers.");
  }
}

/** Without MSC4388 there is nothing that a mode could be for. */
function channelsOf({ channels, rendezvousMode }: HomeserverOptions): Partial<DevHomeserverOptions> {
  if (channels === undefined) return {};
  if (channels === "msc4108-2024" && rendezvousMode !== undefined) {
    throw new Failure("usage_error", "--rendezvous-mode is for the channel msc4388.");
  }
  return {
    msc4108: channels !== "msc4388",
    ...(channels === "msc4108-2024" && { rendezvous: "off" }),
  };
}

/** The command line counts in seconds. */
function settingsOf(options: HomeserverOptions, clock: Clock): DevHomeserverOptions {
  const { port, host, autoConsent, interval, tokenTtl, rendezvousLifetime } = options;
  return {
    clock,
    host,
    ...(options.user !== undefined && { localpart: options.user }),
    ...channelsOf(options),
    ...(options.rendezvousMode && { rendezvous: options.rendezvousMode }),
    ...(options.like && { like: options.like }),
    ...(port !== undefined && { port }),
    ...(autoConsent && { autoConsent }),
    ...(interval !== undefined && { intervalMs: interval * 1000 }),
    ...(tokenTtl !== undefined && { accessTokenLifetimeMs: tokenTtl * 1000 }),
    ...(rendezvousLifetime !== undefined && { rendezvousLifetimeMs: rendezvousLifetime * 1000 }),
  };
}
