import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { DeviceKeysState, SessionState } from "../foundation/session-states.js";
import type { DevicePrivateKeys } from "./device-keys.js";
import type { Renewal, SignInHomeserver, TokenPoll, Tokens } from "./homeserver.js";
import type { SecretsBundle } from "./secrets.js";
import { withinTime } from "./within-time.js";

/** What is kept of a sign-in. */
export interface NewSession {
  readonly state: SessionState;
  readonly baseUrl: URL;
  readonly oauthClient: SignInHomeserver["oauthClient"];
  readonly deviceId: string;
  /** Undefined where the device keys are left to another client. */
  readonly identityKeys: DevicePrivateKeys | undefined;
  /** Undefined until the upload of the device keys is sent, or for good where it isn't. */
  readonly deviceKeysState?: DeviceKeysState | undefined;
  /** Undefined until they are granted. */
  readonly tokens?: Tokens | undefined;
  readonly userId?: string;
  readonly secrets?: SecretsBundle | undefined;
}

type GrantedSession = NewSession & { readonly tokens: Tokens };

/** Where the new device's session is kept. Each save replaces the whole. */
export interface SessionFile {
  readonly path: string;
  save(session: NewSession): Promise<void>;
  /**
   * Does what brings new tokens: alone among all who use the file, and with the room reserved that they need.
   *
   * @param work given the tokens that the file holds by then, which may be newer ones of somebody else's
   * @throws {Failure} `session_locked`, `file_error`, and what `work` throws
   */
  exclusively<T>(signal: AbortSignal, work: (newest: Tokens | undefined) => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

/** How long tokens may take to be revoked when the sign-in has failed. */
const REVOCATION_MS = 10_000;
/** How long they may take when a signal ended the sign-in: then all has to be done within 5 s. */
const HASTY_REVOCATION_MS = 2500;

interface AttemptingDevice {
  readonly deviceId: string;
  readonly identityKeys: DevicePrivateKeys | undefined;
  readonly sessionFile: SessionFile;
  readonly keepUnverified: boolean;
  readonly clock: Clock;
}

/**
 * A sign-in under way: what of it is on disk, and how it is undone. Until the device keys are uploaded, or where they
 * are left to another client until the checked secrets are on disk, it is all or nothing. From there on the session
 * stays, unless the homeserver shows other keys.
 */
export class SignInAttempt {
  readonly #device: AttemptingDevice;
  /** The one that has granted tokens. */
  #homeserver: SignInHomeserver | undefined;
  #session: GrantedSession | undefined;
  /** The session without tokens is on disk. */
  #isRecorded = false;
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

  /**
   * Tokens are about to be asked for: what tells of this device afterwards, should this process die before it has
   * them, is on disk before. There is nothing secret in it.
   */
  async record({ baseUrl, oauthClient }: SignInHomeserver): Promise<void> {
    const { deviceId, sessionFile } = this.#device;
    await sessionFile.save({ state: "incomplete", baseUrl, oauthClient, deviceId, identityKeys: undefined });
    this.#isRecorded = true;
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
    const deviceKeysState = identityKeys ? undefined : "deferred";
    this.#session = {
      state: "incomplete",
      ...{ baseUrl, oauthClient, deviceId, identityKeys, deviceKeysState, tokens },
    };
    await this.#device.sessionFile.save(this.#session);
    this.#isOnDisk = true;
  }

  /** The other device has sent its secrets, whatever they are worth: it is no longer kept unverified. */
  noteSecrets(): void {
    this.#secretsCame = true;
  }

  /** How tokens are renewed while the sign-in goes on. */
  get renewal(): Renewal {
    const { sessionFile } = this.#device;
    return {
      save: (tokens) => this.keep({ tokens }),
      exclusively: (signal, work) => sessionFile.exclusively(signal, work),
    };
  }

  async keep(changes: Partial<GrantedSession>): Promise<void> {
    if (!this.#session) return;
    this.#session = { ...this.#session, ...changes };
    await this.#device.sessionFile.save(this.#session);
  }

  /** The device keys are about to be uploaded: from here on others may see this device. */
  async passPointOfNoReturn(signal: AbortSignal): Promise<void> {
    await this.#keepForGood({ state: "unconfirmed", deviceKeysState: "uploaded" }, signal);
  }

  /** The secrets were found to be the account's, and the device keys are left to another client: that is all. */
  async completeWith(secrets: SecretsBundle, signal: AbortSignal): Promise<void> {
    await this.#keepForGood({ state: "complete", secrets }, signal);
  }

  async #keepForGood(changes: Partial<GrantedSession>, signal: AbortSignal): Promise<void> {
    await this.keep(changes);
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
    const homeserver = this.#homeserver;
    if (!homeserver) return this.#forget(this.#isAsking ? withLostTokens(failure, deviceId) : failure);
    const kept = { cleanup: "none", deviceId, session: sessionFile.path } as const;
    if (!this.#undoable && failure.code !== "device_keys_mismatch") return unconfirmed(failure).with(kept);
    if (keepUnverified && this.#isWorthKeeping(failure)) {
      const saved = await this.keep({ state: "unverified" }).then(...succeeded);
      const message = `${new Failure("signed_in_unverified").message} ${failure.message}`;
      if (saved) return new Failure("signed_in_unverified", message, { ...kept, cause: failure });
    }
    return this.#revoke(homeserver, failure);
  }

  /** There are no tokens to keep: with the failure all is said that a record could say later. */
  async #forget(failure: Failure): Promise<Failure> {
    const { sessionFile } = this.#device;
    if (!this.#isRecorded) return failure;
    const removed = await sessionFile.remove().then(...succeeded);
    return removed ? failure : failure.with({ session: sessionFile.path });
  }

  #isWorthKeeping(failure: Failure): boolean {
    const wasStopped = failure.kind === "signal" || failure.code === "user_cancelled";
    const isKnown = this.#session?.userId !== undefined;
    return isKnown && !this.#secretsCame && !wasStopped && failure.kind !== "security";
  }

  async #revoke(homeserver: SignInHomeserver, failure: Failure): Promise<Failure> {
    const { clock, deviceId, sessionFile } = this.#device;
    const budget = failure.kind === "signal" ? HASTY_REVOCATION_MS : REVOCATION_MS;
    let revoked = false;
    await withinTime(budget, clock, async (signal) => {
      revoked = await homeserver.revoke(this.tokens, signal);
    });
    if (revoked) {
      const removed = await sessionFile.remove().then(...succeeded);
      return failure.with({ cleanup: "revoked", ...(removed ? {} : { session: sessionFile.path }) });
    }
    const saved = await this.keep({ state: "revocation_pending", secrets: undefined }).then(...succeeded);
    // Nobody can sign out later what is on no disk.
    if (!saved && !this.#isOnDisk) return this.#forget(withLostTokens(failure, deviceId));
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
