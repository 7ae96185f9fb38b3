import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { CommandContext, GlobalOptions, SignInContext } from "./commands/context.js";
import type { DemoOptions } from "./commands/demo.js";
import type { GenerateOptions } from "./commands/generate.js";
import type { HomeserverCommandOptions } from "./commands/homeserver.js";
import type { ImportOptions } from "./commands/session.js";
import type { SignInOptions } from "./commands/sign-in.js";
import { packageVersion } from "./commands/version.js";
import { exitCodeOf } from "./exit-codes.js";
import { escapeText } from "./foundation/escape-text.js";
import { Failure } from "./foundation/failures.js";
import { runCommand, runSignIn } from "./run.js";

/** The command tree. Each action imports its command when it runs, so that `--help` waits for none of them. */

const DEFAULT_TIMEOUT_S = 600;
const MAX_SECONDS = 24 * 60 * 60;

export async function main(argv: readonly string[]): Promise<void> {
  const program = commandTree();
  try {
    await program.parseAsync([...argv]);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // --help and --version end this way too, with exit code 0.
    if (thrown.exitCode !== 0) await reportUsageError(thrown, argv);
  }
}

/** Commander has told people already. The events of --json end in `failure` all the same. */
async function reportUsageError({ message }: CommanderError, argv: readonly string[]): Promise<void> {
  const sentence = /^error: (.)(.*)/.exec(message);
  const [, initial = "", rest = ""] = sentence ?? [];
  const text = sentence ? escapeText(`${initial.toUpperCase()}${rest.replace(/\.$/, "")}.`) : undefined;
  const failure = new Failure("usage_error", text);
  process.exitCode = exitCodeOf(failure.code);
  if (!argv.includes("--json")) return;
  await runCommand({ json: true, timeout: undefined }, async () => {
    throw failure;
  });
}

/** The tree as it is, for whoever describes or checks it. */
export function commandTree(): Command {
  const program = new Command("matrix-qr-login")
    .description("Sign a Matrix device in by QR code, or sign another one in.")
    .version(packageVersion())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("Add --help for a list of all options.");
  addGenerate(program);
  addScan(program);
  addInspect(program);
  addDoctor(program);
  addSession(program);
  addDemo(program);
  addHomeserver(program);
  return program;
}

function addGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("print a QR code and sign this device in (--as existing: sign another device in)")
    .addOption(as("new"))
    .option("--rendezvous <name or URL>", "make the rendezvous session there instead of on the homeserver")
    .addOption(choice("--channel <version>", "version of the channel", ["auto", "msc4388", "msc4108-2024"]))
    .addOption(choice("--check-code <from>", "how the check code is given", ["prompt", "stdin", "show"]))
    .option("--qr-file <path>", "also write the QR code as a picture, .png or .svg")
    .addOption(choice("--qr <size>", "how the code is drawn", ["auto", "small", "large", "none"]))
    .addOption(choice("--ec-level <level>", "error correction", ["auto", "L", "M", "Q", "H"]));
  addSignInOptions(command).action((options: GenerateOptions & QrFlags) =>
    runSignIn(
      {
        ...options,
        stdinInUse: options.checkCode === "stdin",
        qr: { size: options.qr, ecLevel: options.ecLevel },
      },
      async (context: SignInContext) => (await import("./commands/generate.js")).generate(options, context),
    ),
  );
}

interface QrFlags {
  readonly qr: "auto" | "small" | "large" | "none";
  readonly ecLevel: "auto" | "L" | "M" | "Q" | "H";
}

function addScan(program: Command): void {
  const command = program
    .command("scan")
    .description("read a QR code and sign the other device in (--as new: sign this device in)")
    .argument("<source>", SOURCE)
    .addOption(as("existing"));
  addSignInOptions(command).action((source: string, options: SignInOptions) =>
    runSignIn({ ...options, stdinInUse: source === "-" }, async (context) =>
      (await import("./commands/scan.js")).scan(source, options, context),
    ),
  );
}

const SOURCE = "a picture, - for stdin, or the payload itself as base64 or hex";

function addSignInOptions(command: Command): Command {
  command
    .option("--homeserver <name or URL>", "server name or base URL (env MATRIX_QR_LOGIN_HOMESERVER)")
    .addOption(
      choice("--dialect <dialect>", "which variant of MSC4388 to use", [
        "auto",
        "msc",
        "vodozemac-0.11.1",
        "vodozemac-0.11.0",
      ]),
    )
    .optionsGroup("New device:")
    .option("--expect-user <user ID>", "refuse to end up as anyone else")
    .option(
      "--expect-master-key <base64>",
      "refuse another master cross-signing key; without this, the homeserver is trusted to tell it",
    )
    .option("--device-name <name>", "what the homeserver and its consent page call this device")
    .option("--client-id <id>", "a registered OAuth client, instead of registering one")
    .option("--device-id <id>", "the device ID to sign in with; a random one by default")
    .option("--keep-unverified", "keep a session whose secrets never came")
    .optionsGroup("Existing device:")
    .option("--no-browser", "only print the link to the consent page")
    .option("--browser <command>", "run this, without a shell, with the link as its argument")
    .option(
      "--secrets <file>",
      "where the cross-signing and backup keys are; by default in the session",
      "session",
    )
    .option("--yes", "skip the warning before another device is signed in")
    .optionsGroup("Options:");
  return addGlobalOptions(command);
}

function addInspect(program: Command): void {
  addGlobalOptions(
    program
      .command("inspect")
      .description("explain what QR codes hold; no server is contacted")
      .argument("<source...>", SOURCE),
  ).action((sources: readonly string[], options: GlobalOptions) =>
    runCommand(options, async (context) =>
      (await import("./commands/inspect.js")).inspect(sources, options, context),
    ),
  );
}

function addDoctor(program: Command): void {
  addGlobalOptions(
    program
      .command("doctor")
      .description("can this homeserver do QR sign-in, and if not, what must its admin set")
      .argument("<server>", "server name or base URL"),
  ).action((server: string, options: GlobalOptions) =>
    runCommand(options, async (context) =>
      (await import("./commands/doctor.js")).doctor(server, options, context),
    ),
  );
}

function addSession(program: Command): void {
  const session = program.command("session").description("list, show, check, import, export, logout");
  const commands = () => import("./commands/session.js");
  const add = (
    usage: string,
    description: string,
    run: (options: GlobalOptions, context: CommandContext) => Promise<void>,
  ): Command =>
    addGlobalOptions(session.command(usage).description(description)).action((options: GlobalOptions) =>
      runCommand(options, (context) => run(options, context)),
    );
  add("list", "list the sessions", async (...args) => (await commands()).sessionList(...args));
  add("show", "show what a session holds, without its secrets", async (...args) =>
    (await commands()).sessionShow(...args),
  );
  add("check", "ask the homeserver whether it is alive and verified", async (...args) =>
    (await commands()).sessionCheck(...args),
  );
  add("export", "print it as JSON, secrets and all", async (...args) =>
    (await commands()).sessionExport(...args),
  ).addOption(new Option("--format <format>", "what is printed").choices(["json"]).default("json"));
  add("logout", "revoke its tokens and delete it", async (...args) =>
    (await commands()).sessionLogout(...args),
  );
  addGlobalOptions(
    session
      .command("import")
      .description("take in a session from another program")
      .argument("<file>", "a portable session, - for stdin")
      .option("--offline", "believe the file, and ask the homeserver nothing"),
  ).action((source: string, options: ImportOptions) =>
    runCommand(options, async (context) => (await commands()).sessionImport(source, options, context)),
  );
}

function addDemo(program: Command): void {
  addGlobalOptions(
    program
      .command("demo")
      .description("both devices against the embedded homeserver: one command, no account needed")
      .option("--by-hand", "prepare everything, and print the two commands to type in two terminals"),
  ).action((options: DemoOptions) =>
    runCommand(options, async (context) => (await import("./commands/demo.js")).demo(options, context)),
  );
}

function addHomeserver(program: Command): void {
  const command = program
    .command("homeserver")
    .description("run the embedded development homeserver by itself")
    .addOption(new Option("--port <number>", "port; a free one by default").argParser(parseWholeNumber))
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("--auto-consent [decision]", "answer the consent page by itself after a moment")
        .choices(["allow", "deny"])
        .preset("allow"),
    )
    .addOption(
      choice("--rendezvous-mode <mode>", "who may make rendezvous sessions", [
        "open",
        "authenticated",
        "off",
      ]),
    )
    .addOption(seconds("--rendezvous-lifetime <seconds>", "how long a rendezvous session lives"))
    .addOption(seconds("--interval <seconds>", "pause between two polls for a token"))
    .addOption(seconds("--token-ttl <seconds>", "how long an access token lives"))
    .option("--user <localpart>", "who the account is", parseLocalpart, "alice")
    .option("--synapse <url>", "be the authorization server of this Synapse, which does the rest")
    .option("--synapse-secret-file <path>", "the secret of matrix_authentication_service in its settings")
    .option("--allow-remote-synapse", "let it be on another machine; it has to be one for tests")
    .option("--public-url <url>", "with --synapse: where clients reach this, behind a proxy")
    .option("--like-synapse", "do as Synapse and MAS do where they differ from the specifications");
  addGlobalOptions(command).action((options: HomeserverCommandOptions & GlobalOptions) => {
    // It runs until it is stopped, unless somebody says otherwise.
    const isTimed = command.getOptionValueSource("timeout") !== "default";
    return runCommand({ ...options, timeout: isTimed ? options.timeout : undefined }, async (context) =>
      (await import("./commands/homeserver.js")).homeserver(options, context),
    );
  });
}

function as(role: "new" | "existing"): Option {
  return new Option("--as <role>", "which device this is").choices(["new", "existing"]).default(role);
}

/** An option whose first choice is the default. */
function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices).default(choices[0]);
}

function addGlobalOptions(command: Command): Command {
  return command
    .option("--session <name or path>", "the session to use or to make (env MATRIX_QR_LOGIN_SESSION)")
    .addOption(seconds("--timeout <seconds>", "upper bound for the whole run").default(DEFAULT_TIMEOUT_S))
    .addOption(
      new Option("--allow-http <host>", "allow plain http for this host; may be repeated")
        .argParser((host: string, hosts: readonly string[]) => [...hosts, host])
        .default([], "loopback only"),
    )
    .option("--json", "write events as JSON lines to stdout, and nothing else")
    .option("--plain", "one line an event, no terminal tricks")
    .option("--verbose", "show what happens on the network, without secrets")
    .option("--trace <file>", "write the same to a file, as JSON lines");
}

function seconds(flags: string, description: string): Option {
  return new Option(flags, description).argParser(parseSeconds);
}

function parseSeconds(text: string): number {
  const parsed = parseWholeNumber(text);
  if (parsed >= 1 && parsed <= MAX_SECONDS) return parsed;
  throw new InvalidArgumentError(`It has to be a number of seconds from 1 to ${MAX_SECONDS}.`);
}

/** Matrix specification, Appendices §User Identifiers. */
function parseLocalpart(text: string): string {
  if (/^[a-z0-9._=/+-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("It has to be of a-z 0-9 . _ = - / +");
}

function parseWholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It has to be a whole number.");
}
