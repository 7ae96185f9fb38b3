import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli.js";
import type { Failure } from "../../src/foundation/failures.js";
import { usageFailure } from "../../src/help/usage-error.js";

/** What is said of a command line that can't be meant. */
async function refusalOf(line: string): Promise<Failure> {
  const words = line.split(" ");
  const program = commandTree();
  const thrown: unknown = await program.parseAsync(words, { from: "user" }).catch((error: unknown) => error);
  if (!(thrown instanceof CommanderError)) throw new Error("The command line can be meant.");
  return usageFailure(thrown, words, program);
}

describe("a command line that can't be meant", () => {
  it.each<[line: string, message: RegExp, hint?: RegExp]>([
    ["genrate", /^There is no command "genrate"\.$/, /^Did you mean `generate`\?/],
    ["session tokn", /^There is no command "session tokn"\.$/, /^Did you mean `session token`\?/],
    ["token", /no command "token"/, /^Did you mean `session token`\?/],
    ["session bogus", /no command "session bogus"/, /^What there is: list, show, .* and import\./],
    ["--json generate", /no option "--json"\./, /^Options come after the command\./],
    ["scan x --check-code stdin", /no option "--check-code" for `scan`/, /^`generate` has it\./],
    ["generate --yes=no", /^The option --yes takes no value\.$/],
    ["generate --check-code", /^The option --check-code needs a value: prompt, stdin or show\.$/],
    ["generate --check-code pormpt", /can't be "pormpt"\. It can be prompt, .*\.$/, /^Did you mean prompt\?/],
    ["generate --timeout abc", /^The option --timeout can't be "abc"\. It has to be a number of seconds/],
    ["completion tcsh", /^The shell can't be "tcsh"\. It can be bash, zsh or fish\.$/],
    ["completion", /^`completion` needs <shell>: bash, zsh or fish\.$/, /`completion bash`/],
    ["scan", /^`scan` needs <source>: a picture, /, /^For example: `scan screenshot\.png`\./],
    ["scan my picture.png", /^`scan` takes <source>, and "picture\.png" is too much\.$/, /needs quotes/],
    ["demo now", /^`demo` takes no arguments, and "now" is too much\.$/],
    ["session run sh -c true", /no option "-c" for `session run`/, /`session run -- sh …`/],
    ["session run docker --env x", /^The option --env can't be "x"/, /^Put -- before the program/],
    ["session run --bogus -- sh", /no option "--bogus"/, /^(?!Put)/],
  ])("%j", async (line, message, hint = /^/) => {
    const failure = await refusalOf(line);
    expect(failure.code).toBe("usage_error");
    expect(failure.message).toMatch(message);
    expect(failure.hint ?? "").toMatch(hint);
  });

  it("is shown without what could steer the terminal", async () => {
    expect((await refusalOf("\u001b[31mscan")).message).not.toContain("\u001b");
    expect((await refusalOf("scan a \u001b]0;b")).message).not.toContain("\u001b");
  });

  it("that holds no command at all says so", async () => {
    const failure = usageFailure(new CommanderError(1, "commander.help", "(outputHelp)"), [], commandTree());
    expect(failure.message).toBe("No command was given.");
  });
});
