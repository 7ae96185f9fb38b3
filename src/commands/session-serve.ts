import { Failure } from "../foundation/failures.js";
import { systemdSocket } from "../proxy/listen-address.js";
import { aborted } from "./aborted.js";
import type { CommandContext, ProgramContext } from "./context.js";
import type { ServeCommandOptions } from "./options/proxy.js";
import { ownProgram } from "./own-commands.js";
import { jsonReport, plainReport } from "./proxy-report.js";
import { serveSession } from "./serve-session.js";

/** `session serve`: runs the proxy until the signal is aborted, its normal end. */
export async function sessionServe(
  options: ServeCommandOptions,
  context: CommandContext & Pick<ProgramContext, "failureEvent">,
): Promise<Failure | undefined> {
  const { env, signal, stdout, stderr } = context;
  const passed = systemdSocket(env, process.pid);
  if (passed && options.listen) {
    throw new Failure(
      "usage_error",
      "systemd has opened a socket for this already, so --listen can't be given too.",
    );
  }
  const report = options.json
    ? jsonReport((line) => stdout.write(line))
    : plainReport((line) => stderr.write(line), ownProgram(context));
  const listen = options.listen ?? passed;
  return serveSession({ ...options, listen }, context, report, async ({ session, died }) => {
    if (!options.json) {
      stderr.write(`User ${session.user_id}, device ${session.device_id}. It ends with Ctrl-C.\n`);
    }
    let failure: Failure | undefined;
    const told = died.then((death) => {
      failure = death;
      // It stays, and answers late: what it is gone from would be asked without a pause.
      report(context.failureEvent(death));
    });
    await Promise.race([aborted(signal), told.then(() => aborted(signal))]);
    return failure;
  });
}
