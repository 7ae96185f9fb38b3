import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { SHORT_HELP } from "./short-help.js";
import { TOPICS } from "./topics.js";
import { all, argumentOf, leavesOf, pathOf, termOf, withDefault } from "./visible.js";

/** The manual page, in the language of groff_man(7): all that `--help-all` and the topics say. */
export function manPage(program: CommandUnknownOpts): string {
  const name = program.name();
  const leaves = leavesOf(program).filter((command) => command.name() !== "help");
  // Every command takes them, also where its help leaves one out.
  const everywhere = all(leaves[0] ?? program).filter(({ flags }) =>
    leaves.every((leaf) => leaf.options.some((option) => option.flags === flags)),
  );
  const isOwn = ({ flags }: { readonly flags: string }) =>
    everywhere.every((option) => option.flags !== flags);
  const sections = leaves.map((leaf) => [
    `.SS ${roff([name, pathOf(leaf), ...leaf.registeredArguments.map(argumentOf)].join(" "))}`,
    roff(leaf.description()),
    ...all(leaf)
      .filter(isOwn)
      .flatMap((option) => entry(termOf(option), withDefault(option))),
    ...(SHORT_HELP[pathOf(leaf)]?.examples ?? []).flatMap(([args, does]) => entry(`${name} ${args}`, does)),
  ]);
  const topics = Object.values(TOPICS).map((topic) => {
    const [title = "", , ...lines] = topic().trimEnd().split("\n");
    return [`.SH ${title.toUpperCase().replaceAll(",", "")}`, ".nf", ...lines.map(roff), ".fi"];
  });
  return [
    `.TH ${name.toUpperCase()} 1`,
    ".SH NAME",
    `${roff(name)} \\- sign a Matrix device in by QR code, and keep it alive`,
    ".SH SYNOPSIS",
    `.B ${name}`,
    "\\fIcommand\\fR [\\fIoptions\\fR]",
    ".SH DESCRIPTION",
    roff(program.description()),
    ".SH COMMANDS",
    ...sections.flat(),
    ".SH OPTIONS OF EVERY COMMAND",
    ...everywhere.flatMap((option) => entry(termOf(option), withDefault(option))),
    ...topics.flat(),
    "",
  ].join("\n");
}

function entry(term: string, text: string): string[] {
  return [".TP", `\\fB${roff(term)}\\fR`, roff(text)];
}

/** A backslash, a hyphen, and a dot or a quote at the start of a line mean something else in that language. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}
