import * as v from "valibot";
import type { Clock } from "../foundation/clock.js";
import { endpoint } from "../network/base-url.js";
import type { HttpClient } from "../network/http.js";
import { GrowingPause } from "./pace.js";

/** What the proxy can answer whoever asks, without a token: nothing of it goes to the homeserver. */

/** The homeserver may be updated while the proxy runs. */
const REFETCH_MS = 3_600_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

const Versions = v.looseObject({ versions: v.pipe(v.array(v.string()), v.maxLength(1_000)) });

/** The homeserver's `/versions`, which programs ask for before they use their token. */
export class KnownVersions {
  /** Resolves when the homeserver has been asked for the first time, whatever came of it. */
  readonly #wereAsked: Promise<void>;
  #markAsked: () => void = () => undefined;
  #versions: object | undefined;
  readonly #pause = new GrowingPause(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);

  constructor() {
    this.#wereAsked = new Promise((resolve) => {
      this.#markAsked = resolve;
    });
  }

  /**
   * What it said last; undefined as long as it can't be asked. A program that starts with the proxy may be faster than
   * the homeserver's first answer, and give up on a 502.
   */
  async answer(): Promise<object | undefined> {
    await this.#wereAsked;
    return this.#versions;
  }

  /** Asks now and then, until the signal is aborted. Never rejects. */
  async keepCurrent(http: HttpClient, baseUrl: URL, clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const url = endpoint(baseUrl, "_matrix/client/versions");
      const response = await http.send({ method: "GET", url, signal }).catch(() => undefined);
      const isUsable = response?.status === 200 && v.is(Versions, response.json);
      if (isUsable) this.#versions = response.json as object;
      if (isUsable) this.#pause.reset();
      this.#markAsked();
      await clock.sleep(isUsable ? REFETCH_MS : this.#pause.next(), signal).catch(() => undefined);
    }
  }
}

/** `.well-known/matrix/client`, by which programs that were given a server name find the proxy. */
export function wellKnown(baseUrl: string): object {
  return { "m.homeserver": { base_url: baseUrl } };
}

/** `GET /login`: there is no way to sign in, since that is done. */
export const LOGIN_FLOWS = { flows: [] };
