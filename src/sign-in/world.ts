import type { Clock } from "../foundation/clock.js";
import type { Emit } from "../foundation/events.js";
import type { HttpClient } from "../network/http.js";
import type { UrlPolicy } from "../network/url-policy.js";

/** What every sign-in needs from outside, whichever device this is. */
export interface SignInWorld {
  readonly http: HttpClient;
  readonly urlPolicy: UrlPolicy;
  readonly clock: Clock;
  readonly emit: Emit;
}
