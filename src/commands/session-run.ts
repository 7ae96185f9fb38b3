import { constants } from "node:os";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { startChild } from "../proxy/child.js";
import { childEnvironment } from "../proxy/child-environment.js";
import { aborted } from "./aborted.js";
import type { ProgramContext } from "./context.js";
import type { RunCommandOptions } from "./options/proxy.js";
import { ownProgram } from "./own-commands.js";
import { fileReport, jsonReport, plainReport, type Report } from "./proxy-report.js";
import { serveSession } from "./serve-session.js";

/** What a terminal sends to all processes in its foreground, the program among them. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

/**
 * `session run`: runs a program on the session, through the proxy. Whatever goes wrong is told here, since standard
 * output is the program's.
 *
 * @returns the program's exit code, or why it was not the program's to end
 */
export async function sessionRun(
  command: readonly string[],
  options: RunCommandOptions,
  context: ProgramContext,
): Promise<Failure | number> {
  const write = (line: string) => void context.stderr.write(line);
  const onStderr = options.json ? jsonReport(write) : plainReport(write, ownProgram(context));
  let report = onStderr;
  let file: ReturnType<typeof fileReport> | undefined;
  try {
    file =
      options.events === undefined
        ? undefined
        : fileReport(options.events, (message) => context.stderr.write(`Warning: ${message}\n`));
    if (file) report = both(file.report, options.json ? undefined : onStderr);
    return await run(command, options, context, report);
  } catch (thrown) {
    const failure = Failure.from(thrown);
    report(context.failureEvent(failure));
    return failure;
  } finally {
    file?.close();
  }
}

function run(
  command: readonly string[],
  options: RunCommandOptions,
  context: ProgramContext,
  report: Report,
): Promise<number> {
  const { clock, env, signal, stderr } = context;
  return serveSession(options, context, report, async ({ baseUrl, session, died }, token) => {
    const { user_id, device_id } = session;
    const access = { homeserver: baseUrl, access_token: token, user_id, device_id };
    signal.throwIfAborted();
    const child = startChild(command, childEnvironment(env, access, options.env));
    context.takeSignals((received) => {
      if (context.hasTerminal && FROM_TERMINAL.includes(received)) return;
      child.send(received);
    });
    const stopped = Promise.race([died, aborted(signal).then(() => Failure.from(signal.reason))]);
    const end = await Promise.race([child.ended, stopped]);
    if (end instanceof Failure) {
      await child.end(clock);
      throw end;
    }
    if (child.problem !== undefined) {
      stderr.write(`Error: ${escapeText(command[0] ?? "")}: ${child.problem}\n`);
    }
    // 128 and its number, as in shells.
    return typeof end === "number" ? end : 128 + constants.signals[end];
  });
}

function both(first: Report, second: Report | undefined): Report {
  return (event) => {
    first(event);
    second?.(event);
  };
}
