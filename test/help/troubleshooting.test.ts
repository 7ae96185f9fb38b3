import { describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli.js";
import { FAILURES } from "../../src/foundation/failure-table.js";
import { symptoms, symptomsOf } from "../../src/help/symptoms.js";
import { page } from "../docs/pages.js";

async function help(...words: readonly string[]): Promise<string> {
  let output = "";
  const program = commandTree(undefined, (text) => {
    output += text;
  });
  await program.parseAsync(["help", ...words], { from: "user" }).catch(() => undefined);
  return output;
}

/** By what ends the process from outside, nobody is surprised. */
const CODES = Object.entries(FAILURES).flatMap(([code, { kind }]) => (kind === "signal" ? [] : [code]));

it("reads every symptom of docs/troubleshooting.md, with its advice", () => {
  const titles = page("docs/troubleshooting.md").text.match(/(?<=^## ).*$/gm) ?? [];
  const found = symptoms();
  expect(found.map(({ title }) => title)).toEqual(titles.map((title) => title.replaceAll("`", "")));
  expect(found.filter(({ advice }) => advice.length === 0)).toEqual([]);
});

it("takes from Markdown what is read on a terminal", () => {
  const text = [
    "# Page\n\nIntroduction.\n\n## It _fails_ with `--json`",
    "- See [apps.md](apps.md), or\n  [the list](servers.md#synapse).\n- `session_name` is _not_ it.",
    "`rendezvous_gone`, `user_cancelled`\n",
  ].join("\n\n");
  expect(symptomsOf(text)).toEqual([
    {
      title: "It fails with --json",
      advice: ["- See docs/apps.md, or the list.", "- session_name is not it."],
      codes: ["rendezvous_gone", "user_cancelled"],
    },
  ]);
});

describe.each(CODES)("help %s", (code) => {
  it("says what happened, and what to do about what it looks like", async () => {
    const text = await help(code);
    const [symptom] = symptoms().filter(({ codes }) => codes.includes(code));
    const words = text.replace(/\s+/g, " ");
    expect(text).toMatch(new RegExp(`^${code} \\(exit code \\d\\)\n\n`));
    expect(words).toContain(FAILURES[code as keyof typeof FAILURES].message);
    expect(text).toContain(`\n${symptom?.title}\n`);
    for (const advice of symptom?.advice ?? []) expect(words).toContain(advice);
  });

  it("fits a terminal of 80 columns", async () => {
    const lines = (await help(code)).split("\n");
    expect(lines.filter((line) => line.length > 80 && line.includes(" "))).toEqual([]);
  });
});

describe("help troubleshooting", () => {
  it("lists each symptom by its number, which leads to its advice", async () => {
    const [first, second] = symptoms();
    expect(await help("troubleshooting")).toContain(`   1  ${first?.title}\n   2  ${second?.title}\n`);
    expect(await help("troubleshooting", "2")).toMatch(new RegExp(`^${second?.title}\n\n- `));
  });

  it.each(["0", "99", "x"])("shows the list for a number that there isn't: %s", async (number) => {
    expect(await help("troubleshooting", number)).toBe(await help("troubleshooting"));
  });
});
