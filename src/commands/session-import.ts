import { escapeText } from "../foundation/escape-text.js";
import type { Warning } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import type { Network } from "../network/network.js";
import type { SecretsBundle } from "../protocol/secrets.js";
import type { RecoveryKeySource } from "../secret-storage/key-source.js";
import { sessionEvent } from "../session/describe.js";
import { type ImportedSession, importSession, readHandedInSession } from "../session/import.js";
import type { NewSessionFile } from "../session/new-session-file.js";
import { newSessionFile } from "../session/resolve.js";
import { readSecretsFile } from "../session/secrets-source.js";
import {
  asHandedIn,
  type HandedInSession,
  type PortableSession,
  withSecrets,
} from "../session/session-file.js";
import { isRefreshable } from "../session/token-life.js";
import type { SignInContext } from "./context.js";
import { askForHomeserver, namedHomeserver } from "./named-homeserver.js";
import { withNetwork } from "./network.js";
import { refuseStdinTwice } from "./one-stdin.js";
import type { ImportOptions } from "./options/session.js";
import { printJson, printWarning } from "./print-json.js";
import { optionalRecoveryKey, recoveryKeyOfFile } from "./recovery-key.js";
import { openStore } from "./session-context.js";
import { refuseTwoSecrets } from "./sign-in.js";

/**
 * `session import`: takes in a session, or makes one of an access token.
 *
 * @param source a file with a portable session, or `-` for stdin; none with --token-file
 */
export async function sessionImport(
  source: string | undefined,
  options: ImportOptions,
  context: SignInContext,
): Promise<void> {
  checkOptions(source, options);
  if (options.tokenFile !== undefined) return importToken(options.tokenFile, options, context);
  if (source === undefined) throw nothingToImport();
  const handedIn = await readHandedInSession(source, context.stdin, context.signal);
  const recoveryKey = await recoveryKeyOption(options, context);
  const secrets = await secretsOption(options, context);
  const session = secrets ? withSecrets(handedIn, secrets) : handedIn;
  const file = await newSessionFile(options.session, context, session.portable.device_id);
  if (options.offline) return takeIn(session, file, options, context);
  await withNetwork(options, context, (network) =>
    takeIn(session, file, options, context, network, recoveryKey),
  );
}

/** The homeserver says whose the token is. Its keys may be in secret storage, and whoever can be asked is. */
async function importToken(file: string, options: ImportOptions, context: SignInContext): Promise<void> {
  const { stdin, signal, display } = context;
  const named = namedHomeserver(options, context);
  if (!named && !display.prompt) throw new Failure("homeserver_missing");
  const { readAccessToken, sessionOfToken } = await import("../session/import-token.js");
  const token = await readAccessToken(file, stdin, signal);
  const given = await recoveryKeyOption(options, context);
  const secrets = await secretsOption(options, context);
  // Without a name, it is the device's, which the homeserver has to tell.
  const isNamed = Boolean(options.session ?? context.env["MATRIX_QR_LOGIN_SESSION"]);
  const namedFile = isNamed ? await newSessionFile(options.session, context, "") : undefined;
  await withNetwork(options, context, async (network) => {
    const baseUrl = named
      ? await resolveHomeserver(named, network, signal)
      : await askForHomeserver(network, context);
    const portable = await sessionOfToken(token, baseUrl, network.http, signal);
    const bare = asHandedIn(portable);
    const session = secrets ? withSecrets(bare, secrets) : bare;
    const file = namedFile ?? (await newSessionFile(options.session, context, portable.device_id));
    const isAsked = !given && options.secrets === undefined && display.prompt;
    const recoveryKey = isAsked ? await optionalRecoveryKey(isAsked, signal) : given;
    await takeIn(session, file, options, context, network, recoveryKey);
  });
}

async function secretsOption(
  { secrets }: ImportOptions,
  { signal }: SignInContext,
): Promise<SecretsBundle | undefined> {
  return secrets === undefined ? undefined : readSecretsFile(secrets, signal);
}

/** @param network absent for an import without a check */
async function takeIn(
  session: HandedInSession,
  file: NewSessionFile,
  options: ImportOptions,
  context: SignInContext,
  network?: Network,
  recoveryKey?: RecoveryKeySource,
): Promise<void> {
  const { portable } = session;
  const isRevocable =
    portable.oauth !== undefined || !network || !(await hasOAuth(portable, network, context));
  for (const warning of warningsOf(portable, recoveryKey !== undefined, isRevocable)) {
    printWarning(warning, options, context);
  }
  const imported = await save(session, file, context, network, recoveryKey);
  for (const { check, state, message } of imported.findings) {
    if (check !== "backup" || state !== "warning") continue;
    printWarning({ event: "warning", code: "backup_mismatch", message }, options, context);
  }
  if (options.json) printJson(sessionEvent(file.path, imported.session), context);
  else context.stderr.write(`Imported ${escapeText(portable.user_id)} as ${escapeText(file.path, 1000)}.\n`);
}

async function save(
  session: HandedInSession,
  file: NewSessionFile,
  context: SignInContext,
  network: Network | undefined,
  recoveryKey: RecoveryKeySource | undefined,
): Promise<ImportedSession> {
  const { clock, signal } = context;
  const store = openStore(context);
  if (!network) return importSession(session, store, file, undefined, clock, signal);
  const { connectSession } = await import("../session/connect.js");
  const { homeserver } = connectSession(store, file.path, session.portable, network);
  return importSession(session, store, file, homeserver, clock, signal, recoveryKey);
}

function checkOptions(source: string | undefined, options: ImportOptions): void {
  const { tokenFile, homeserver, secrets, recoveryKeyFile, offline } = options;
  if (source !== undefined && tokenFile !== undefined) {
    throw new Failure("usage_error", "Either a session is imported or a token, not both.");
  }
  if (source === undefined && tokenFile === undefined) throw nothingToImport();
  if (secrets !== undefined && recoveryKeyFile !== undefined) refuseTwoSecrets();
  if (offline && (tokenFile !== undefined || recoveryKeyFile !== undefined)) {
    throw new Failure(
      "usage_error",
      "With --offline there is neither a token's owner nor secret storage to ask for.",
    );
  }
  if (homeserver !== undefined && tokenFile === undefined) {
    throw new Failure("usage_error", "--homeserver is for --token-file: a session says which is its own.");
  }
  refuseStdinTwice(source, tokenFile, recoveryKeyFile, secrets);
}

function nothingToImport(): Failure {
  return new Failure("usage_error", "There is nothing to import.", {
    hint: "Give a file with a session, - for stdin, or an access token with --token-file.",
  });
}

async function recoveryKeyOption(
  { recoveryKeyFile }: ImportOptions,
  context: SignInContext,
): Promise<RecoveryKeySource | undefined> {
  return recoveryKeyFile === undefined ? undefined : recoveryKeyOfFile(recoveryKeyFile, context);
}

async function hasOAuth(
  { base_url }: PortableSession,
  network: Network,
  { signal }: SignInContext,
): Promise<boolean> {
  const { offersOAuth } = await import("../homeserver/metadata.js");
  const { baseUrlOf } = await import("../session/connect.js");
  return offersOAuth(network, baseUrlOf({ base_url }, network), signal);
}

function warningsOf(session: PortableSession, hasRecoveryKey: boolean, isRevocable: boolean): Warning[] {
  const warnings: Warning[] = [];
  if (isRefreshable(session)) {
    warnings.push({
      event: "warning",
      code: "session_shared",
      message:
        "If a running client has this session too, one of the two will be signed out at the next refresh.",
    });
  }
  if (!isRevocable) {
    warnings.push({
      event: "warning",
      code: "session_not_revocable",
      message:
        "If the access token was issued to an OAuth client, `session logout` can't revoke it: only the account's page can, or its expiry.",
    });
  }
  if (!session.secrets && !hasRecoveryKey) {
    warnings.push({
      event: "warning",
      code: "session_without_secrets",
      message:
        "The session has no cross-signing keys, so it can't sign in another device without --secrets or --recovery-key-file.",
    });
  }
  return warnings;
}
