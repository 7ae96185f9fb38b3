import type { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { generateDeviceIdentityKeys, signedDeviceKeys } from "../../src/protocol/device-keys.js";
import type {
  AccountHomeserver,
  BackupVersion,
  PublishedKeys,
  SignInHomeserver,
  TokenPoll,
  Tokens,
} from "../../src/protocol/homeserver.js";
import { privateKeyBytes } from "../../src/protocol/raw-keys.js";
import type { SecretsBundle } from "../../src/protocol/secrets.js";
import type { NewSession, SessionFile } from "../../src/protocol/sign-in-attempt.js";
import { curve25519PublicKey } from "../../src/protocol/signatures.js";
import type { FakeClock } from "./fake-clock.js";
import { fullSession, publishedKeys, USER } from "./sessions.js";

export const BASE_URL = new URL("https://matrix.example.org/");
const ISSUER = "https://auth.example.org/";
export const LINK = "https://auth.example.org/link";
export const NEW_DEVICE = "NEWDEVICE+/1";
export const TOKENS: Required<Pick<Tokens, "accessToken" | "refreshToken">> = {
  accessToken: new Secret("access-1"),
  refreshToken: new Secret("refresh-1"),
};

type PollAnswer = TokenPoll | Failure | ((signal: AbortSignal) => Promise<TokenPoll>);

/**
 * An account whose homeserver answers from memory, and keeps a log of what was asked. What a test wants
 * otherwise, it replaces.
 */
export class MemoryHomeserver {
  readonly clock: FakeClock;
  /** What was asked, among other things that happened, in order. */
  readonly log: string[] = [];
  readonly secrets: SecretsBundle;
  readonly devices = new Set<string>();
  published: PublishedKeys;
  backup: BackupVersion | undefined;
  /** The answers of the token endpoint, the last one again and again. */
  polls: PollAnswer[] = [{ status: "granted", tokens: TOKENS }];
  /** Replaces single answers to a device that is signing in, and to one that is signed in. */
  signIn: Partial<SignInHomeserver> = {};
  account: Partial<AccountHomeserver> = {};
  expiresInMs = 1_200_000;

  constructor(clock: FakeClock) {
    this.clock = clock;
    const session = fullSession();
    this.secrets = session.secrets;
    this.published = publishedKeys(session);
    const { backup } = session.secrets;
    if (!backup) throw new TypeError("A full session has a backup key.");
    const publicKey = curve25519PublicKey(privateKeyBytes(backup.key));
    this.backup = { version: backup.backup_version, algorithm: backup.algorithm, publicKey };
  }

  /** What happened but polls. */
  get events(): string[] {
    return this.log.filter((entry) => entry !== "poll");
  }

  forSignIn(): SignInHomeserver {
    return {
      baseUrl: BASE_URL,
      oauthClient: { issuer: ISSUER, clientId: "client" },
      checkCapabilities: async () => ISSUER,
      startDeviceAuthorization: async (deviceId) => {
        this.log.push(`authorize ${deviceId}`);
        return {
          verificationUri: LINK,
          verificationUriComplete: `${LINK}?code=ABC`,
          userCode: "ABC",
          expiresAt: this.clock.now() + this.expiresInMs,
          intervalMs: 5000,
        };
      },
      pollForTokens: async (signal) => {
        this.log.push("poll");
        const answer = this.polls.length > 1 ? this.polls.shift() : this.polls[0];
        const poll = typeof answer === "function" ? await answer(signal) : answer;
        if (!poll || poll instanceof Error) throw poll;
        if (poll.status === "granted") this.devices.add(NEW_DEVICE);
        return poll;
      },
      revoke: async ({ accessToken }) => {
        this.log.push(`revoke ${accessToken.reveal()}`);
        this.devices.delete(NEW_DEVICE);
        return true;
      },
      signedIn: () => this.forAccount(),
      ...this.signIn,
    };
  }

  forAccount(): AccountHomeserver {
    return {
      baseUrl: BASE_URL,
      whoami: async () => {
        this.log.push("whoami");
        return { userId: USER, deviceId: NEW_DEVICE };
      },
      deviceExists: async (deviceId) => {
        this.log.push("device?");
        return this.devices.has(deviceId);
      },
      queryKeys: async () => {
        this.log.push("keys/query");
        return this.published;
      },
      uploadDeviceKeys: async (deviceKeys) => {
        this.log.push("keys/upload");
        this.show(deviceKeys);
      },
      uploadSignature: async (_userId, deviceId) => {
        this.log.push(`sign ${deviceId}`);
      },
      accountData: async () => undefined,
      backupVersion: async () => this.backup,
      ...this.account,
    };
  }

  /** Publishes keys of the new device that are signed as they should be. */
  showVerified(): void {
    const { self_signing_key } = this.secrets.cross_signing;
    this.show(signedDeviceKeys(USER, NEW_DEVICE, generateDeviceIdentityKeys(), self_signing_key));
  }

  /** Publishes the new device's keys. */
  show(deviceKeys: JsonObject): void {
    this.published = {
      ...this.published,
      deviceKeys: { ...this.published.deviceKeys, [NEW_DEVICE]: deviceKeys },
    };
  }
}

/** A session file in memory, whose saves go into a log. */
export class MemorySessionFile implements SessionFile {
  readonly path = "/sessions/new.json";
  content: NewSession | undefined;
  /** Every state it was saved in. */
  readonly saved: NewSession[] = [];
  /** Saves that fail. */
  fails: (session: NewSession) => Failure | undefined = () => undefined;
  readonly #log: string[];

  constructor(log: string[]) {
    this.#log = log;
  }

  async save(session: NewSession): Promise<void> {
    const failure = this.fails(session);
    if (failure) throw failure;
    this.#log.push(session.tokens ? `save ${session.state}` : "save without tokens");
    this.saved.push(session);
    this.content = session;
  }

  async exclusively<T>(_signal: AbortSignal, work: (newest: Tokens | undefined) => Promise<T>): Promise<T> {
    return work(this.content?.tokens);
  }

  async remove(): Promise<void> {
    this.#log.push("remove");
    this.content = undefined;
  }
}
