import { type Actions, actionsOf, commandTree } from "../../src/cli.js";
import type { Runner } from "../../src/run.js";

/** What a command line asks for: an action, and what it is given. */
export type Asked = {
  readonly [Name in keyof Actions]: readonly [Name, ...Parameters<Actions[Name]>];
}[keyof Actions];

/**
 * Takes a command line apart as the program does, and runs nothing.
 *
 * @throws {CommanderError} for what can't be meant
 */
export async function asked(args: readonly string[]): Promise<Asked> {
  const calls: Asked[] = [];
  const record =
    (name: string) =>
    async (...given: unknown[]) => {
      calls.push([name, ...given] as unknown as Asked);
    };
  const names = Object.keys(actionsOf(nobody));
  const actions = Object.fromEntries(names.map((name) => [name, record(name)])) as unknown as Actions;
  await parse(args, actions);
  const [call] = calls;
  if (!call) throw new Error("The command line asked for nothing.");
  return call;
}

/** The options that an action is given for a command line. */
export async function optionsFor(args: readonly string[]): Promise<unknown> {
  return (await asked(args)).find((given) => typeof given === "object" && !Array.isArray(given));
}

/** Has a runner run what a command line asks for. */
export function perform(args: readonly string[], runner: Runner): Promise<void> {
  return parse(args, actionsOf(runner));
}

async function parse(args: readonly string[], actions: Actions): Promise<void> {
  const program = commandTree(actions);
  // What commander says to people is thrown, too.
  const commands = [program, ...program.commands.flatMap((command) => [command, ...command.commands])];
  for (const command of commands) command.configureOutput({ writeErr: () => undefined });
  await program.parseAsync([...args], { from: "user" });
}

const nobody: Runner = {
  signIn: async () => undefined,
  command: async () => undefined,
  program: async () => undefined,
};
