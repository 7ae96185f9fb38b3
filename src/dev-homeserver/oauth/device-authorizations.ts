import { randomBytes, randomInt } from "node:crypto";
import type { Clock } from "../../foundation/clock.js";
import type { OAuthBehaviour } from "../behaviour.js";
import type { Decision } from "../options.js";
import type { Client } from "./clients.js";
import type { Scope } from "./scopes.js";

/** RFC 8628 §6.1: consonants that aren't mistaken for each other and spell no words. */
const USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";

/** RFC 8628 §3.5: what `slow_down` adds to the interval, in milliseconds. */
const SLOW_DOWN = 5000;

/** A poll this much too early, in milliseconds, is the jitter of timers and not haste. */
const TOLERANCE = 100;

/** How long an expired authorization is remembered to be told as expired, in milliseconds. */
const MEMORY = 600_000;

export interface DeviceAuthorization {
  readonly deviceCode: string;
  /** Letters with a hyphen in the middle. */
  readonly userCode: string;
  readonly client: Client;
  readonly scope: Scope;
  expiresAt: number;
  decision?: Decision;
  redeemed: boolean;
  intervalMs: number;
  nextPollAt: number;
  /** How often the consent page was looked at. */
  visits: number;
}

/** What the token endpoint answers (RFC 8628 §3.5), or the authorization, redeemed by this very poll. */
export type Poll =
  | "authorization_pending"
  | "slow_down"
  | "access_denied"
  | "expired_token"
  | "invalid_grant"
  | DeviceAuthorization;

/** The device authorizations (RFC 8628) from the request until they are redeemed or forgotten. */
export class DeviceAuthorizationStore {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #intervalMs: number;
  readonly #behaviour: OAuthBehaviour;
  readonly #authorizations = new Map<string, DeviceAuthorization>();

  constructor(clock: Clock, lifetimeMs: number, intervalMs: number, behaviour: OAuthBehaviour) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
    this.#intervalMs = intervalMs;
    this.#behaviour = behaviour;
  }

  start(client: Client, scope: Scope): DeviceAuthorization {
    this.#forget();
    const authorization: DeviceAuthorization = {
      deviceCode: randomBytes(24).toString("base64url"),
      userCode: newUserCode(this.#behaviour.userCodeHalf),
      client,
      scope,
      expiresAt: this.#clock.now() + this.#lifetimeMs,
      redeemed: false,
      intervalMs: this.#intervalMs,
      nextPollAt: 0,
      visits: 0,
    };
    this.#authorizations.set(authorization.deviceCode, authorization);
    return authorization;
  }

  poll(deviceCode: string, clientId: string): Poll {
    const authorization = this.#authorizations.get(deviceCode);
    if (!authorization || authorization.redeemed || authorization.client.clientId !== clientId) {
      return "invalid_grant";
    }
    if (authorization.decision === "deny") {
      if (this.#behaviour.deniesOnce) this.#authorizations.delete(deviceCode);
      return "access_denied";
    }
    if (this.#isExpired(authorization)) return "expired_token";
    if (authorization.decision === "allow") {
      authorization.redeemed = true;
      return authorization;
    }
    const now = this.#clock.now();
    const minds = this.#behaviour.tooEarly !== "tolerated";
    const tooEarly = minds && now < authorization.nextPollAt - TOLERANCE;
    if (tooEarly) authorization.intervalMs += SLOW_DOWN;
    authorization.nextPollAt = now + authorization.intervalMs;
    return tooEarly ? "slow_down" : "authorization_pending";
  }

  /** The authorization of a user code, however a person writes it, that has not expired. */
  findByUserCode(text: string): DeviceAuthorization | undefined {
    const letters = lettersOf(text);
    return [...this.#authorizations.values()].find(
      (authorization) => lettersOf(authorization.userCode) === letters && !this.#isExpired(authorization),
    );
  }

  /**
   * The first decision stands.
   *
   * @returns false where none can be made
   */
  decide(authorization: DeviceAuthorization, decision: Decision): boolean {
    if (!authorization.scope.isConsentable) return false;
    if (decision === "deny" && !this.#behaviour.canDecline) return false;
    authorization.decision ??= decision;
    return true;
  }

  /** Makes the time to consent be over. */
  expire(authorization: DeviceAuthorization): void {
    authorization.expiresAt = this.#clock.now();
  }

  /**
   * Somebody looks at the consent page.
   *
   * @returns false where that was once too often: the code is dropped
   */
  visit(authorization: DeviceAuthorization): boolean {
    authorization.visits += 1;
    if (authorization.visits <= this.#behaviour.maxVisits) return true;
    this.#authorizations.delete(authorization.deviceCode);
    return false;
  }

  #isExpired(authorization: DeviceAuthorization): boolean {
    return this.#clock.now() >= authorization.expiresAt;
  }

  #forget(): void {
    for (const [deviceCode, authorization] of this.#authorizations) {
      if (this.#clock.now() >= authorization.expiresAt + MEMORY) this.#authorizations.delete(deviceCode);
    }
  }
}

function newUserCode(half: number): string {
  const letter = () => USER_CODE_ALPHABET[randomInt(USER_CODE_ALPHABET.length)];
  const letters = Array.from({ length: 2 * half }, letter);
  return `${letters.slice(0, half).join("")}-${letters.slice(half).join("")}`;
}

function lettersOf(userCode: string): string {
  return userCode.toUpperCase().replace(/[^A-Z]/g, "");
}
