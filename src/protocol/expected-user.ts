import { serverNameOf } from "../foundation/identifiers.js";

/** Held by this module alone: without it there is no way to make an expected user. */
const MAKING = Symbol("making an expected user");
let make: (userId: string, baseUrl: URL) => ExpectedUser;

/**
 * The user that a new device has to become, with the homeserver that the user's own server name leads to. It
 * closes the hole that a typed check code closes otherwise (MSC4108 §Shoulder-surfing to sign in to attacker
 * account): whatever another device or a QR code names, all requests of the sign-in go to this base URL, and it
 * has to say that the tokens are this user's.
 *
 * `makeExpectedUser` is the one way to make one, and `resolveUserHomeserver`, which the library exports, the one
 * that takes it.
 */
export class ExpectedUser {
  readonly #userId: string;
  readonly #baseUrl: string;

  /** @throws {TypeError} for whoever isn't `makeExpectedUser`: privacy of constructors ends with TypeScript */
  private constructor(making: typeof MAKING, userId: string, baseUrl: URL) {
    if (making !== MAKING) throw new TypeError("resolveUserHomeserver makes expected users.");
    this.#userId = userId;
    this.#baseUrl = baseUrl.href;
  }

  static {
    make = (userId, baseUrl) => new ExpectedUser(MAKING, userId, baseUrl);
  }

  /** Whether this was made by `makeExpectedUser`: types end where JavaScript begins. */
  static isGenuine(value: unknown): value is ExpectedUser {
    return typeof value === "object" && value !== null && #baseUrl in value;
  }

  get userId(): string {
    return this.#userId;
  }

  /** A copy each time, since URLs can be changed. */
  get baseUrl(): URL {
    return new URL(this.#baseUrl);
  }

  /** Whether a claim about the homeserver, a server name or a base URL, means this user's. */
  agreesWith(claim: string): boolean {
    if (claim.toLowerCase() === serverNameOf(this.#userId).toLowerCase()) return true;
    return URL.canParse(claim) && withSlash(new URL(claim)) === this.#baseUrl;
  }
}

/**
 * @param lookUp finds the base URL of a server name, by nothing but that name
 * @throws {Failure} `usage_error` for what is no user ID, and what `lookUp` throws
 */
export async function makeExpectedUser(
  userId: string,
  lookUp: (serverName: string) => Promise<URL>,
): Promise<ExpectedUser> {
  return make(userId, await lookUp(serverNameOf(userId)));
}

function withSlash(url: URL): string {
  return url.pathname.endsWith("/") ? url.href : new URL(`${url.pathname}/`, url).href;
}
