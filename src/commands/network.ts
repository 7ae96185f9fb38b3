import { createHttpClient } from "../network/http-client.js";
import type { Network } from "../network/network.js";
import { createLineTrace, openFileTrace, type Trace, type TraceEntry } from "../network/trace.js";
import { createUrlPolicy } from "../network/url-policy.js";
import type { CommandContext, SignInContext } from "./context.js";
import type { GlobalOptions } from "./options/global.js";
import { packageVersion } from "./version.js";

/**
 * Runs `use` with the network that --allow-http, --verbose and --trace describe, and closes it afterwards.
 *
 * @throws {Failure} `usage_error`, `file_error`, and what `use` throws
 */
export async function withNetwork<T>(
  options: Pick<GlobalOptions, "allowHttp" | "verbose" | "trace">,
  {
    clock,
    env,
    stderr,
    display,
  }: Pick<CommandContext, "clock" | "env" | "stderr"> & Partial<Pick<SignInContext, "display">>,
  use: (network: Network, trace: Trace) => Promise<T>,
): Promise<T> {
  const urlPolicy = createUrlPolicy(options.allowHttp);
  const file = options.trace === undefined ? undefined : openFileTrace(options.trace);
  // What draws on a terminal has to know of every line.
  const write = display ? (line: string) => display.log(line) : (line: string) => stderr.write(`${line}\n`);
  const lines = options.verbose ? createLineTrace(write) : undefined;
  const trace = (entry: TraceEntry) => {
    file?.trace(entry);
    lines?.trace(entry);
  };
  const userAgent = `matrix-qr-login/${packageVersion()}`;
  const http = createHttpClient({ clock, env, urlPolicy, userAgent, trace });
  try {
    return await use({ http, urlPolicy, clock }, trace);
  } finally {
    await http.close();
    lines?.close();
    file?.close();
  }
}
