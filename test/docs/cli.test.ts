import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli.js";
import { blocksOf, codeSpansOf, PAGES, page, rowsOf, section } from "./pages.js";

const CLI = page("docs/cli.md");

interface Leaf {
  /** Like `session import`. */
  readonly name: string;
  readonly command: CommandUnknownOpts;
}

function leavesOf(command: CommandUnknownOpts, path: readonly string[] = []): Leaf[] {
  if (command.commands.length === 0) return [{ name: path.join(" "), command }];
  const children = command.commands.filter((child) => child.name() !== "help");
  return children.flatMap((child) => leavesOf(child, [...path, child.name()]));
}

const LEAVES = leavesOf(commandTree());

function leaf(name: string): CommandUnknownOpts {
  const found = LEAVES.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`There is no command ${name}.`);
  return found.command;
}

const flagsOf = (options: readonly Option[]) => options.map(({ flags }) => flags);
/** What asks for a command's help is said once. */
const listed = (command: CommandUnknownOpts) => command.options.filter(({ hidden }) => !hidden);
const [generate, scan] = [leaf("generate"), leaf("scan")];
const isGlobal = ({ flags }: Option) =>
  LEAVES.every(({ command }) => flagsOf(command.options).includes(flags));
const isShared = ({ flags }: Option) =>
  flagsOf(generate.options).includes(flags) && flagsOf(scan.options).includes(flags);

/** Where each option has to be listed. */
const TABLES: readonly { readonly title: string; readonly options: readonly Option[] }[] = [
  { title: "Options of every command", options: listed(generate).filter(isGlobal) },
  {
    title: "Options of `generate` and `scan`",
    options: listed(generate).filter((option) => isShared(option) && !isGlobal(option)),
  },
  ...LEAVES.map(({ name, command }) => ({
    title: `\`${name}\``,
    options: listed(command).filter(
      (option) => !isGlobal(option) && !(["generate", "scan"].includes(name) && isShared(option)),
    ),
  })),
];

describe.each(TABLES)("docs/cli.md, $title", ({ title, options }) => {
  const rows = () => rowsOf(section(CLI, title).text).filter(([first = ""]) => first.startsWith("`--"));

  it("lists each option as --help does, and no other", () => {
    expect(
      rows()
        .map(([first]) => first)
        .sort(),
    ).toEqual(
      flagsOf(options)
        .map((flags) => `\`${flags}\``)
        .sort(),
    );
  });

  it.each(options.map((option) => ({ flags: option.flags, option })))(
    "says what $flags can be, and what it is by default",
    ({ flags, option }) => {
      const [, meaning = ""] = rows().find(([first]) => first === `\`${flags}\``) ?? [];
      const choices = option.argChoices ?? [];
      const value: unknown = option.defaultValue;
      const byDefault = ["string", "number"].includes(typeof value) ? [String(value)] : [];
      const missing = [...choices, ...byDefault].filter((word) => !meaning.includes(word));
      expect(missing).toEqual([]);
    },
  );
});

describe("docs/cli.md", () => {
  it.each(LEAVES)("lists the arguments of $name", ({ name, command }) => {
    const rows = rowsOf(section(CLI, `\`${name}\``).text).map(([first]) => first);
    for (const { variadic, name: argument } of command.registeredArguments.map((each) => ({
      variadic: each.variadic,
      name: each.name(),
    }))) {
      expect(rows).toContain(`\`<${argument}${variadic ? "..." : ""}>\``);
    }
  });
});

/** Each call of the program in a block: the command it names, and the options it gives. */
function callsIn(code: string): { readonly words: string[]; readonly options: string[] }[] {
  const lines = code.replace(/\\\n\s*/g, " ").split(/\n|\||;/);
  return lines.flatMap((line) => {
    const [, rest] = /(?:^|\s)(?:matrix-qr-login(?:\.js)?)\s+(.*)$/.exec(line) ?? [];
    if (rest === undefined) return [];
    const all = rest.trim().split(/\s+/);
    // What follows is another program's.
    const words = all.includes("--") ? all.slice(0, all.indexOf("--")) : all;
    return [{ words, options: words.filter((word) => word.startsWith("--")) }];
  });
}

describe.each(PAGES)("$path", (source) => {
  const calls = blocksOf(source)
    .filter(({ info }) => /^(?:sh|yaml)\b/.test(info))
    .flatMap(({ code }) => callsIn(code));

  it("calls only commands that exist, with options that they have", () => {
    const wrong = calls.filter(({ words, options }) => {
      if (words[0]?.startsWith("--") || words[0] === "help")
        return options.some((option) => !["--help", "--version"].includes(option));
      const command = LEAVES.find(
        ({ name }) => words.slice(0, name.split(" ").length).join(" ") === name,
      )?.command;
      const known = command?.options.flatMap(({ long }) => long ?? []);
      return !known || options.some((option) => ![...known, "--help"].includes(option.replace(/=.*/, "")));
    });
    expect(wrong).toEqual([]);
  });

  it("names only options that exist", () => {
    const known = new Set(LEAVES.flatMap(({ command }) => command.options.map(({ long }) => long)));
    for (const own of ["--help", "--version"]) known.add(own);
    const ours = codeSpansOf(source).filter((code) =>
      /^--\w|^matrix-qr-login |^(?:generate|scan|session) --/.test(code),
    );
    const named = ours.flatMap((code) => code.match(/(?<=^|\s)--[a-z-]+/g) ?? []);
    expect(named.filter((option) => !known.has(option))).toEqual([]);
  });
});
