import type { Clock } from "../foundation/clock.js";
import type { HttpClient } from "./http.js";
import type { UrlPolicy } from "./url-policy.js";

/** What servers are reached with. */
export interface Network {
  readonly http: HttpClient;
  /** Holds every URL that a server or another device names, before it is asked or shown. */
  readonly urlPolicy: UrlPolicy;
  readonly clock: Clock;
}
