import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FRAMEWORKS } from "../bots/frameworks.js";
import { blocksOf, page, ROOT, sectionsOf } from "./pages.js";

const BOTS = join(ROOT, "test/bots");

/** The sections below "With your framework". */
const SECTIONS = sectionsOf(page("docs/bots.md")).filter(({ level }) => level === 3);

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function sourcesOf(name: string): string {
  const folder = join(BOTS, name);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name: file }) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
}

it("docs/bots.md has all frameworks that were run, and no other", () => {
  expect(SECTIONS.map(({ title }) => title)).toEqual(FRAMEWORKS.map(({ name }) => name));
});

it.each(SECTIONS)("what docs/bots.md says to type for $title is what was run", ({ title, text }) => {
  const run = new Set(linesOf(sourcesOf(title)));
  const blocks = blocksOf({ path: title, text }).filter(({ info }) => info !== "sh");
  const lines = blocks.flatMap(({ code }) => linesOf(code));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !run.has(line))).toEqual([]);
});
