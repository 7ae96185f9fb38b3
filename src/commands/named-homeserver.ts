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
  const name = await display.prompt?.text("Homeserver, like example.org: ", signal);
  if (!name) throw new Failure("homeserver_missing");
  return resolveHomeserver(name, network, signal);
}
