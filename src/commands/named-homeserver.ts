import { escapeText } from "../foundation/escape-text.js";
import type { FailureKind } from "../foundation/failure-kinds.js";
import { FAILURES } from "../foundation/failure-table.js";
import { Failure } from "../foundation/failures.js";
import { homeserverNameOf } from "../foundation/homeserver-name.js";
import { unquoted } from "../foundation/typed-text.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import type { Network } from "../network/network.js";
import type { SignInContext } from "./context.js";

const VARIABLE = "MATRIX_QR_LOGIN_HOMESERVER";

/**
 * What --homeserver or its variable says; undefined where neither says anything.
 *
 * @throws {Failure} `usage_error` for what names no homeserver, before anything is asked of the network
 */
export function namedHomeserver(
  { homeserver }: { readonly homeserver?: string | undefined },
  { env }: Pick<SignInContext, "env">,
): string | undefined {
  if (homeserver !== undefined) return homeserverOption("--homeserver", homeserver);
  const variable = unquoted(env[VARIABLE] ?? "");
  return variable === "" ? undefined : homeserverOption(VARIABLE, variable);
}

/** @param origin the option or the variable that the text is from */
export function homeserverOption(origin: string, text: string): string {
  try {
    return homeserverNameOf(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.code, `${origin}: ${error.message}`, error.details);
  }
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
