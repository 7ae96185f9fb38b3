import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../foundation/clock.js";

/** How long a browser stays signed in, in milliseconds. */
const LIFETIME = 3_600_000;

/** A browser, known by its cookie. */
export interface Browser {
  readonly id: string;
  readonly signedIn: boolean;
  /** What its forms must bring along. */
  readonly csrf: string;
}

/**
 * Which browsers are signed in at the consent page. Of the others nothing is kept: their forms' tokens are
 * derived from their cookie.
 */
export class BrowserSessions {
  readonly #clock: Clock;
  readonly #cookieName: string;
  readonly #key = randomBytes(32);
  readonly #signedInUntil = new Map<string, number>();

  /** @param port in the cookie's name, as browsers don't keep ports apart */
  constructor(clock: Clock, port: string) {
    this.#clock = clock;
    this.#cookieName = `dev_homeserver_${port}`;
  }

  /** The browser of a request; a new one where it has no cookie yet. */
  of(headers: IncomingHttpHeaders): Browser {
    const cookies = headers.cookie?.split(/; */).map((cookie) => cookie.split("=")) ?? [];
    const id = cookies.find(([name]) => name === this.#cookieName)?.[1];
    return this.#browser(id !== undefined && /^[\w-]{32}$/.test(id) ? id : newId());
  }

  /** A signed-in browser gets a new cookie: the old one may have been planted. */
  signIn(): Browser {
    const id = newId();
    this.#signedInUntil.set(id, this.#clock.now() + LIFETIME);
    return this.#browser(id);
  }

  setCookie({ id }: Browser): Readonly<Record<string, string>> {
    return { "set-cookie": `${this.#cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax` };
  }

  isOwnForm({ csrf }: Browser, token: string): boolean {
    const [expected, given] = [Buffer.from(csrf), Buffer.from(token)];
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  #browser(id: string): Browser {
    const until = this.#signedInUntil.get(id);
    return {
      id,
      signedIn: until !== undefined && this.#clock.now() < until,
      csrf: createHmac("sha256", this.#key).update(id).digest("base64url"),
    };
  }
}

function newId(): string {
  return randomBytes(24).toString("base64url");
}
