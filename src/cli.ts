import type { Command } from "@commander-js/extra-typings";
import { CommanderError } from "commander";
import { createCommand } from "./commands/options/commander.js";
import { type DemoOptions, demoCommand } from "./commands/options/demo.js";
import { doctorCommand } from "./commands/options/doctor.js";
import { type GenerateOptions, generateCommand } from "./commands/options/generate.js";
import type { GlobalOptions } from "./commands/options/global.js";
import { type HomeserverOptions, homeserverCommand } from "./commands/options/homeserver.js";
import { type InspectOptions, inspectCommand } from "./commands/options/inspect.js";
import { type LoginOptions, loginCommand } from "./commands/options/login.js";
import {
  type RunCommandOptions,
  runCommand,
  type ServeCommandOptions,
  serveCommand,
} from "./commands/options/proxy.js";
import { scanCommand } from "./commands/options/scan.js";
import {
  checkCommand,
  type ExportOptions,
  exportCommand,
  type ImportOptions,
  importCommand,
  listCommand,
  logoutCommand,
  refreshCommand,
  type ShowOptions,
  type SignDeviceOptions,
  sessionCommand,
  showCommand,
  signDeviceCommand,
  type TokenOptions,
  tokenCommand,
} from "./commands/options/session.js";
import type { SignInOptions } from "./commands/options/sign-in.js";
import type { Named } from "./commands/session-context.js";
import { packageVersion } from "./commands/version.js";
import { addHelp } from "./help/command-help.js";
import { type CompletionOptions, completionCommand } from "./help/completion-command.js";
import { addHelpCommand } from "./help/help-command.js";
import type { Shell } from "./help/shells.js";
import { usageFailure } from "./help/usage-error.js";
import { processRunner, type Runner } from "./run.js";

/** From a command line to the command that it asks for. What can be asked for is in src/commands/options/. */

export async function main(argv: readonly string[], run: Runner = processRunner(argv)): Promise<void> {
  let asked = "";
  const writeOut = (text: string) => {
    asked += text;
  };
  // What comes before a command is for the program itself, whose --help names them all.
  const program = commandTree(actionsOf(run), writeOut, argv[2]);
  try {
    await program.parseAsync([...argv]);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) {
      await run.command({ json: argv.includes("--json"), timeout: undefined }, () => Promise.reject(thrown));
      return;
    }
    // --help and --version end this way too, with exit code 0.
    if (thrown.exitCode !== 0) return reportUsageError(thrown, argv, run);
  }
  if (asked !== "") await run.command({ timeout: undefined }, async ({ stdout }) => void stdout.write(asked));
}

/** Told as every other failure is. Whoever gives no command has been shown what there is. */
async function reportUsageError(thrown: CommanderError, argv: readonly string[], run: Runner): Promise<void> {
  const failure = usageFailure(thrown, argv.slice(2), commandTree());
  const json = argv.includes("--json");
  await run.command({ json, timeout: undefined }, async () => {
    if (json || thrown.code !== "commander.help") throw failure;
    return failure;
  });
}

/** What each command does with its options. */
export type Actions = ReturnType<typeof actionsOf>;

/** Each action imports its command when it runs, so that `--help` waits for none of them. */
export function actionsOf(run: Runner) {
  const session = () => import("./commands/session.js");
  const shown = () => import("./commands/session-show.js");
  const tokens = () => import("./commands/session-token.js");
  return {
    generate: (options: GenerateOptions) =>
      run.signIn(
        {
          ...options,
          stdinInUse: options.checkCode === "stdin" || options.recoveryKeyFile === "-",
          qr: { size: options.qr, ecLevel: options.ecLevel },
        },
        async (context) => (await import("./commands/generate.js")).generate(options, context),
      ),
    scan: (source: string, options: SignInOptions) =>
      run.signIn(
        { ...options, stdinInUse: [source, options.recoveryKeyFile].includes("-") },
        async (context) => (await import("./commands/scan.js")).scan(source, options, context),
      ),
    inspect: (sources: readonly string[], options: InspectOptions) =>
      run.command(options, async (context) =>
        (await import("./commands/inspect.js")).inspect(sources, options, context),
      ),
    doctor: (server: string, options: GlobalOptions) =>
      run.command(options, async (context) =>
        (await import("./commands/doctor.js")).doctor(server, options, context),
      ),
    login: (options: LoginOptions) =>
      run.signIn(
        {
          ...options,
          stdinInUse: options.recoveryKeyFile === "-",
          qr: { size: options.qr, ecLevel: options.ecLevel },
        },
        async (context) => (await import("./commands/login.js")).login(options, context),
      ),
    sessionList: (options: GlobalOptions) =>
      run.command(options, async (context) => (await shown()).sessionList(options, context)),
    sessionShow: (options: Named<ShowOptions>) =>
      run.command(options, async (context) => (await shown()).sessionShow(options, context)),
    sessionCheck: (options: Named<GlobalOptions>) =>
      run.command(options, async (context) =>
        (await import("./commands/session-check.js")).sessionCheck(options, context),
      ),
    sessionToken: (options: Named<TokenOptions>) =>
      run.command(options, async (context) => (await tokens()).sessionToken(options, context)),
    sessionRefresh: (options: Named<GlobalOptions>) =>
      run.command(options, async (context) => (await tokens()).sessionRefresh(options, context)),
    sessionExport: (options: Named<ExportOptions>) =>
      run.command(options, async (context) => (await session()).sessionExport(options, context)),
    sessionLogout: (options: Named<GlobalOptions>) =>
      run.command(options, async (context) => (await session()).sessionLogout(options, context)),
    sessionSignDevice: (options: Named<SignDeviceOptions>) =>
      run.signIn({ ...options, plain: true }, async (context) =>
        (await import("./commands/sign-device.js")).sessionSignDevice(options, context),
      ),
    sessionImport: (source: string | undefined, options: ImportOptions) =>
      run.signIn(
        {
          ...options,
          plain: true,
          stdinInUse: [source, options.tokenFile, options.recoveryKeyFile].includes("-"),
        },
        async (context) =>
          (await import("./commands/session-import.js")).sessionImport(source, options, context),
      ),
    /** @param timeout seconds; undefined for as long as the program runs */
    sessionRun: (command: readonly string[], options: RunCommandOptions, timeout: number | undefined) =>
      run.program({ ...options, json: false, timeout }, async (context) =>
        (await import("./commands/session-run.js")).sessionRun(command, options, context),
      ),
    /** @param timeout seconds; undefined for as long as it takes until somebody stops it */
    sessionServe: (options: ServeCommandOptions, timeout: number | undefined) =>
      run.program({ ...options, timeout }, async (context) =>
        (await import("./commands/session-serve.js")).sessionServe(options, context),
      ),
    /** @param timeout seconds; undefined for as long as it takes until somebody stops it */
    demo: (options: DemoOptions, timeout: number | undefined) =>
      run.command({ ...options, timeout }, async (context) =>
        (await import("./commands/demo.js")).demo(options, context),
      ),
    /** @param timeout seconds; undefined for as long as it takes until somebody stops it */
    homeserver: (options: HomeserverOptions, timeout: number | undefined) =>
      run.command({ ...options, timeout }, async (context) =>
        (await import("./commands/homeserver.js")).homeserver(options, context),
      ),
    completion: (shell: Shell, words: readonly string[], program: Command, options: CompletionOptions) =>
      run.command(options, async (context) =>
        (await import("./help/completion.js")).completion(shell, words, program, context),
      ),
  };
}

/**
 * The tree of commands, which takes a command line apart and calls one of the actions.
 *
 * @param writeOut gets what --help, --version and `help` print
 * @param only the first word of the command line. Where it is a command, no other is made, which would take a while; where
 *   it asks about the program itself, what that takes is made. For whatever else all are, as for `help` and `completion`
 */
export function commandTree(
  actions: Actions = actionsOf(processRunner()),
  writeOut: (text: string) => void = (text) => void process.stdout.write(text),
  only?: string,
): Command {
  const program = createCommand("matrix-qr-login")
    .description("Sign a Matrix device in by QR code, or sign another one in.")
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeOut, outputError: () => undefined });
  const asksForVersion = only === "--version" || only === "-V";
  const asksForHelp = only === "--help" || only === "-h";
  const commands: Readonly<Record<string, () => void>> = {
    generate: () => void generateCommand(program).action((options) => actions.generate(options)),
    scan: () => void scanCommand(program).action((source, options) => actions.scan(source, options)),
    inspect: () =>
      void inspectCommand(program).action((sources, options) => actions.inspect(sources, options)),
    doctor: () => void doctorCommand(program).action((server, options) => actions.doctor(server, options)),
    login: () => void loginCommand(program).action((options) => actions.login(options)),
    session() {
      const session = sessionCommand(program);
      if (!asksForHelp) addSession(session, actions);
    },
    demo() {
      const demo = demoCommand(program);
      demo.action((options) =>
        // Whoever plays both parts takes as long as that takes.
        actions.demo(options, options.byHand ? givenTimeout(demo, options) : options.timeout),
      );
    },
    homeserver() {
      const homeserver = homeserverCommand(program);
      homeserver.action((options) => actions.homeserver(options, givenTimeout(homeserver, options)));
    },
  };
  const isAlone = only !== undefined && Object.hasOwn(commands, only);
  const made = isAlone ? [commands[only]] : asksForVersion ? [] : Object.values(commands);
  for (const add of made) add?.();
  completionCommand(program).action((shell, words, options) =>
    actions.completion(shell, words, program, options),
  );
  addHelpCommand(program);
  addHelp(program);
  return program;
}

/** For what runs until it is stopped, unless somebody says otherwise. */
function givenTimeout(
  command: { getOptionValueSource(key: "timeout"): unknown },
  { timeout }: Pick<GlobalOptions, "timeout">,
): number | undefined {
  return command.getOptionValueSource("timeout") === "default" ? undefined : timeout;
}

function addSession(session: Command, actions: Actions): void {
  listCommand(session).action((options) => actions.sessionList(options));
  showCommand(session).action((name, options) => actions.sessionShow({ ...options, name }));
  checkCommand(session).action((name, options) => actions.sessionCheck({ ...options, name }));
  tokenCommand(session).action((name, options) => actions.sessionToken({ ...options, name }));
  refreshCommand(session).action((name, options) => actions.sessionRefresh({ ...options, name }));
  exportCommand(session).action((name, options) => actions.sessionExport({ ...options, name }));
  logoutCommand(session).action((name, options) => actions.sessionLogout({ ...options, name }));
  signDeviceCommand(session).action((name, options) => actions.sessionSignDevice({ ...options, name }));
  const run = runCommand(session);
  run.action((command, options) => actions.sessionRun(command, options, givenTimeout(run, options)));
  const serve = serveCommand(session);
  serve.action((options) => actions.sessionServe(options, givenTimeout(serve, options)));
  importCommand(session).action((source, options) => actions.sessionImport(source, options));
}
