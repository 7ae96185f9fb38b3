import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const here = "test/mutation";
const json = <T>(file: string) => JSON.parse(readFileSync(`${here}/${file}`, "utf8")) as Record<string, T>;
const core = json<string[]>("core.json");
const equivalents = json<{ readonly mutant: string; readonly because: string }[]>("equivalents.json");
const page = readFileSync(`${here}/README.md`, "utf8");

describe("the security core", () => {
  it.each(Object.entries(core))("has tests for %s, and a row for what came of it", (file, tests) => {
    expect(existsSync(file)).toBe(true);
    expect(tests.filter((name) => !existsSync(`test/${name}.test.ts`))).toEqual([]);
    expect(page).toContain(`| \`${file}\` `);
  });

  it.each(Object.entries(equivalents))("has the lines of %s whose mutants are equivalent", (file, named) => {
    expect(Object.keys(core)).toContain(file);
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.trim());
    expect(named.filter(({ mutant }) => !lines.some((line) => mutant.startsWith(`${line} => `)))).toEqual([]);
  });
});
