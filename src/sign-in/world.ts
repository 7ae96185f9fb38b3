import type { Emit } from "../foundation/events.js";
import type { Network } from "../network/network.js";

/** What every sign-in needs from outside, whichever device this is. */
export interface SignInWorld extends Network {
  readonly emit: Emit;
}
