import { describe, expect, it } from "vitest";
import { hintOf } from "../../src/commands/hints.js";
import { exitCodeOf } from "../../src/exit-codes.js";
import { FAILURES } from "../../src/foundation/failure-table.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { page, rowsOf, section } from "./pages.js";

/** What the README says of each exit code, by the code. */
const MEANINGS = new Map(
  rowsOf(section(page("README.md"), "Exit codes").text).flatMap(([codes = "", meaning = ""]) =>
    codes.split(", ").map((code) => [Number(code), meaning] as const),
  ),
);

const INTRODUCTION = `<!-- Made from src/foundation/failure-table.ts and src/commands/hints.ts by \`npm run docs:failures\`. -->

# Failures

A run that fails ends with one of these: in \`code\` of the [\`failure\` event](events.md#failure), and by its exit code. The
codes are stable; the words may change. The place where something failed often has a more exact sentence than the one
here.
`;

const CODES = Object.keys(FAILURES) as FailureCode[];

function failuresPage(): string {
  const exitCodes = new Set(CODES.map(exitCodeOf));
  return [INTRODUCTION, ...[...exitCodes].map(exitCodeSection)].join("\n");
}

function exitCodeSection(exitCode: number): string {
  const codes = CODES.filter((code) => exitCodeOf(code) === exitCode);
  const rows = codes.map((code) => [`\`${code}\``, FAILURES[code].message, hintOf(new Failure(code)) ?? ""]);
  const heading = `## Exit code ${exitCode}: ${MEANINGS.get(exitCode)}`;
  return [heading, "", ...table([["code", "what happened", "what to do"], ...rows]), ""].join("\n");
}

/** A table as the formatter wants it: the first row is its heading. */
function table(rows: readonly (readonly string[])[]): string[] {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = (escaped[0] ?? []).map((_, column) =>
    Math.max(...escaped.map((row) => row[column]?.length ?? 0)),
  );
  const rule = widths.map((width) => "-".repeat(width));
  const [heading = [], ...body] = escaped;
  return [heading, rule, ...body].map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
}

describe("docs/failures.md", () => {
  it("is what the tables of failures, exit codes and hints give: `npm run docs:failures` writes it", async () => {
    await expect(failuresPage()).toMatchFileSnapshot("../../docs/failures.md");
  });
});

describe("README.md", () => {
  it("says what each exit code means", () => {
    const used = new Set(CODES.map(exitCodeOf));
    expect([...MEANINGS.keys()].sort()).toEqual([0, ...used].sort());
  });
});
