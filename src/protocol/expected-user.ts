import { serverNameOf } from "../foundation/identifiers.js";

/**
 * The user that a new device has to become, with the homeserver that the user's own server name leads to. It
 * closes the hole that a typed check code closes otherwise (MSC4108 §Shoulder-surfing to sign in to attacker
 * account): whatever another device or a QR code names, all requests of the sign-in go to this base URL, and it
 * has to say that the tokens are this user's.
 *
 * There is one way to make one, and `resolveUserHomeserver` is the one that takes it.
 */
export class ExpectedUser {
  readonly #userId: string;
  readonly #baseUrl: string;

  private constructor(userId: string, baseUrl: URL) {
    this.#userId = userId;
    this.#baseUrl = baseUrl.href;
  }

  /**
   * @param lookUp finds the base URL of a server name, by nothing but that name
   * @throws {Failure} `usage_error` for what is no user ID, and what `lookUp` throws
   */
  static async resolve(userId: string, lookUp: (serverName: string) => Promise<URL>): Promise<ExpectedUser> {
    return new ExpectedUser(userId, await lookUp(serverNameOf(userId)));
  }

  /** Whether this was made by `resolve`: types end where JavaScript begins. */
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
    if (claim === serverNameOf(this.#userId)) return true;
    return URL.canParse(claim) && withSlash(new URL(claim)) === this.#baseUrl;
  }
}

function withSlash(url: URL): string {
  return url.pathname.endsWith("/") ? url.href : new URL(`${url.pathname}/`, url).href;
}
