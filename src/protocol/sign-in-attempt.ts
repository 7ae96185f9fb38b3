import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { SessionState } from "../foundation/session-states.js";
import type { DevicePrivateKeys } from "./device-keys.js";
import type { SignInHomeserver, TokenPoll, Tokens } from "./homeserver.js";
import type { SecretsBundle } from "./secrets.js";
import { withinTime } from "./within-time.js";

/** What is kept of a sign-in. */
export interface NewSession {
  readonly state: SessionState;
  readonly baseUrl: URL;
  readonly oauthClient: SignInHomeserver["oauthClient"];
  readonly deviceId: string;
  readonly identityKeys: DevicePrivateKeys;
  readonly tokens: Tokens;
  readonly userId?: string;
  readonly secrets?: SecretsBundle | undefined;
}

/** Where the new device's session is kept. Each save replaces the whole. */
export interface SessionFile {
  readonly path: string;
  save(session: NewSession): Promise<void>;
  remove(): Promise<void>;
}

/** How long tokens may take to be revoked when the sign-in has failed. */
const REVOCATION_MS = 10_000;
/** How long they may take when a signal ended the sign-in: then all has to be done within 5 s. */
const HASTY_REVOCATION_MS = 2500;

interface AttemptingDevice {
  readonly deviceId: string;
  readonly identityKeys: DevicePrivateKeys;
  readonly sessionFile: SessionFile;
  readonly keepUnverified: boolean;
  readonly clock: Clock;
}

/**
 * A sign-in under way: what of it is on disk, and how it is undone. Until the device keys are uploaded it is
 * all or nothing; from there on the session stays, unless the homeserver shows other keys.
 */
export class SignInAttempt {
  readonly #device: AttemptingDevice;
  #homeserver: SignInHomeserver | undefined;
  #session: NewSession | undefined;
  /** Tokens were asked for, and no answer came. */
  #isAsking = false;
  #isOnDisk = false;
  #undoable = true;
  #secretsCame = false;

  constructor(device: AttemptingDevice) {
    this.#device = device;
  }

  /** The newest tokens. */
  get tokens(): Tokens {
    if (!this.#session) throw new Error("No tokens were granted.");
    return this.#session.tokens;
  }

  /** Asks for tokens. As long as there is no answer, they may have been issued without reaching us. */
  async ask(poll: () => Promise<TokenPoll>): Promise<TokenPoll> {
    this.#isAsking = true;
    const answer = await poll();
    this.#isAsking = answer.status === "slow_down" && answer.mayHaveGranted === true;
    return answer;
  }

  /** Tokens were granted: they are on disk before they are used. */
  async begin(homeserver: SignInHomeserver, tokens: Tokens): Promise<void> {
    const { deviceId, identityKeys } = this.#device;
    const { baseUrl, oauthClient } = homeserver;
    this.#homeserver = homeserver;
    this.#session = { state: "incomplete", baseUrl, oauthClient, deviceId, identityKeys, tokens };
    await this.#device.sessionFile.save(this.#session);
    this.#isOnDisk = true;
  }

  /** The other device has sent its secrets, whatever they are worth: it is no longer kept unverified. */
  noteSecrets(): void {
    this.#secretsCame = true;
  }

  async keep(changes: Partial<NewSession>): Promise<void> {
    if (!this.#session) return;
    this.#session = { ...this.#session, ...changes };
    await this.#device.sessionFile.save(this.#session);
  }

  /** The device keys are about to be uploaded: from here on others may see this device. */
  async passPointOfNoReturn(signal: AbortSignal): Promise<void> {
    await this.keep({ state: "unconfirmed" });
    signal.throwIfAborted();
    this.#undoable = false;
  }

  /**
   * Cleans up after a failure, as far as that is allowed and possible. Never throws.
   *
   * @returns the failure, with what became of the tokens and what stays behind
   */
  async undo(failure: Failure): Promise<Failure> {
    const { deviceId, sessionFile, keepUnverified } = this.#device;
    if (!this.#session) return this.#isAsking ? withLostTokens(failure, deviceId) : failure;
    const kept = { cleanup: "none", deviceId, session: sessionFile.path } as const;
    if (!this.#undoable && failure.code !== "device_keys_mismatch") return unconfirmed(failure).with(kept);
    if (keepUnverified && this.#isWorthKeeping(failure)) {
      const saved = await this.keep({ state: "unverified" }).then(...succeeded);
      const message = `${new Failure("signed_in_unverified").message} ${failure.message}`;
      if (saved) return new Failure("signed_in_unverified", message, { ...kept, cause: failure });
    }
    return this.#revoke(failure);
  }

  #isWorthKeeping(failure: Failure): boolean {
    const wasStopped = failure.kind === "signal" || failure.code === "user_cancelled";
    const isKnown = this.#session?.userId !== undefined;
    return isKnown && !this.#secretsCame && !wasStopped && failure.kind !== "security";
  }

  async #revoke(failure: Failure): Promise<Failure> {
    const { clock, deviceId, sessionFile } = this.#device;
    const budget = failure.kind === "signal" ? HASTY_REVOCATION_MS : REVOCATION_MS;
    let revoked = false;
    await withinTime(budget, clock, async (signal) => {
      revoked = (await this.#homeserver?.revoke(this.tokens, signal)) ?? false;
    });
    if (revoked) {
      const removed = await sessionFile.remove().then(...succeeded);
      return failure.with({ cleanup: "revoked", ...(removed ? {} : { session: sessionFile.path }) });
    }
    const saved = await this.keep({ state: "revocation_pending", secrets: undefined }).then(...succeeded);
    // Nobody can sign out later what is on no disk.
    if (!saved && !this.#isOnDisk) return withLostTokens(failure, deviceId);
    return failure.with({ cleanup: "pending", deviceId, session: sessionFile.path });
  }
}

const succeeded = [() => true, () => false] as const;

/** Tokens may be good that nobody has, unless whoever failed knows better. */
function withLostTokens(failure: Failure, deviceId: string): Failure {
  if (failure.details.cleanup !== undefined) return failure;
  const hint = `If the account's page shows the device ${deviceId}, remove it there, then start again.`;
  return failure.with({ cleanup: "impossible", deviceId, hint });
}

/** After the upload, a lack of answers means that nobody knows yet, whatever it was that went wrong. */
function unconfirmed(failure: Failure): Failure {
  if (failure.kind === "signal" || failure.code === "file_error") return failure;
  const message = `${new Failure("session_unconfirmed").message} ${failure.message}`;
  return failure.code === "session_unconfirmed"
    ? failure
    : new Failure("session_unconfirmed", message, { cause: failure });
}
