import { escapeText } from "../foundation/escape-text.js";
import type { FailureKind } from "../foundation/failure-kinds.js";
import { FAILURES } from "../foundation/failure-table.js";
import { Failure } from "../foundation/failures.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import type { Network } from "../network/network.js";
import type { SignInContext } from "./context.js";

/** What --homeserver or its variable says. */
export function namedHomeserver(
  { homeserver }: { readonly homeserver?: string | undefined },
  { env }: Pick<SignInContext, "env">,
): string | undefined {
  return homeserver ?? (env["MATRIX_QR_LOGIN_HOMESERVER"] || undefined);
}

/** @throws {Failure} `homeserver_missing` where nothing is typed, or nobody is there to type */
export async function askForHomeserver(
  network: Network,
  { display, signal }: Pick<SignInContext, "display" | "signal">,
): Promise<URL> {
  for (;;) {
    const name = await display.prompt?.text("Homeserver, like example.org:", signal);
    if (!name) throw new Failure("homeserver_missing");
    display.awaiting(`Looking for ${escapeText(name)}`);
    try {
      return await resolveHomeserver(name, network, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } = Failure.from(thrown);
      // What isn't a slip of the keyboard ends the run.
      if (!TYPOS.includes(FAILURES[code].kind)) throw thrown;
      display.emit({ event: "warning", code: "homeserver_not_found", message });
    }
  }
}

const TYPOS: readonly FailureKind[] = ["usage", "network", "unsupported"];
