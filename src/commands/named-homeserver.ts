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
  const name = await display.prompt?.text("Homeserver, like example.org: ", signal);
  if (!name) throw new Failure("homeserver_missing");
  return resolveHomeserver(name, network, signal);
}
