import type { Environment } from "../foundation/machine.js";
import type { Secret } from "../foundation/secret.js";

/** What a program is told of the session that it runs on: by its environment, since arguments can be seen by everybody. */

/** What `--env NAME=WHAT` can put into a variable. */
export const TOLD = ["homeserver", "access_token", "user_id", "device_id"] as const;
export type Told = (typeof TOLD)[number];

/** A variable that is set, and what to. */
export interface Variable {
  readonly name: string;
  readonly what: Told;
}

const USUAL: readonly Variable[] = TOLD.map((what) => ({ name: `MATRIX_${what.toUpperCase()}`, what }));

/** How the session is reached. */
export type SessionAccess = Readonly<Record<Exclude<Told, "access_token">, string>> & {
  readonly access_token: Secret;
};

/**
 * The environment of the program: `MATRIX_HOMESERVER` and the others, those that were asked for, and a `NO_PROXY` that
 * keeps its requests to the proxy on this machine.
 */
export function childEnvironment(
  env: Environment,
  access: SessionAccess,
  others: readonly Variable[],
): Environment {
  const { access_token, ...rest } = access;
  const values = { ...rest, access_token: access_token.reveal() };
  const told = [...USUAL, ...others].map(({ name, what }) => [name, values[what]]);
  const host = new URL(access.homeserver).hostname.replace(/^\[|\]$/g, "");
  return { ...env, ...withoutProxyFor(host, env), ...Object.fromEntries(told) };
}

/** Programs read the variable in lower or in upper case, and some prefer the one, some the other. */
function withoutProxyFor(host: string, env: Environment): Environment {
  const [lower, upper] = [env["no_proxy"], env["NO_PROXY"]];
  // A star stands for every host only where it stands alone.
  const extended = (list: string | undefined) =>
    list?.trim() === "*" ? list : list ? `${list},${host}` : host;
  return {
    NO_PROXY: extended(upper ?? lower),
    ...(lower !== undefined && { no_proxy: extended(lower) }),
  };
}
