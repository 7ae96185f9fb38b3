import { createHttpClient } from "../network/http-client.js";
import type { Network } from "../network/network.js";
import { createLineTrace, openFileTrace, type Trace, type TraceEntry } from "../network/trace.js";
import { createUrlPolicy } from "../network/url-policy.js";
import type { CommandContext } from "./context.js";
import type { GlobalOptions } from "./options/global.js";
import { packageVersion } from "./version.js";

/**
 * Runs `use` with the network that --allow-http, --verbose and --trace describe, and closes it afterwards.
 *
 * @throws {Failure} `usage_error`, `file_error`, and what `use` throws
 */
export async function withNetwork<T>(
  options: Pick<GlobalOptions, "allowHttp" | "verbose" | "trace">,
  { clock, env, stderr }: Pick<CommandContext, "clock" | "env" | "stderr">,
  use: (network: Network, trace: Trace) => Promise<T>,
): Promise<T> {
  const urlPolicy = createUrlPolicy(options.allowHttp);
  const file = options.trace === undefined ? undefined : openFileTrace(options.trace);
  const lines = options.verbose ? createLineTrace((line) => stderr.write(line)) : undefined;
  const trace = (entry: TraceEntry) => {
    file?.trace(entry);
    lines?.(entry);
  };
  const userAgent = `matrix-qr-login/${packageVersion()}`;
  const http = createHttpClient({ clock, env, urlPolicy, userAgent, trace });
  try {
    return await use({ http, urlPolicy, clock }, trace);
  } finally {
    await http.close();
    file?.close();
  }
}
