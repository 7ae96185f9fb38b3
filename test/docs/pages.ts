import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The pages of the documentation, and what they are made of as far as the tests look at it. */

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export function page(path: string): Page {
  return { path, text: readFileSync(new URL(path, `file://${ROOT}`), "utf8") };
}

export const PAGES: readonly Page[] = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(new URL("docs", `file://${ROOT}`))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
].map(page);

export interface Block {
  /** What follows the fence, like `sh run`. */
  readonly info: string;
  readonly code: string;
}

const BLOCK = /^```(?<info>[^\n`]*)\n(?<code>[\s\S]*?)^```$/gm;

export function blocksOf({ text }: Page): Block[] {
  return [...text.matchAll(BLOCK)].map(({ groups }) => ({
    info: groups?.["info"] ?? "",
    code: groups?.["code"] ?? "",
  }));
}

/** The text between the blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(BLOCK, "");
}

export function codeSpansOf(source: Page): string[] {
  return [...proseOf(source).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

export interface Section {
  readonly level: number;
  /** As it is written, backticks included. */
  readonly title: string;
  /** Up to the next heading of any level. */
  readonly text: string;
}

export function sectionsOf({ text }: Page): Section[] {
  // A comment of a shell script is no heading.
  const masked = text.replace(BLOCK, (block) => block.replaceAll("#", "\0"));
  const headings = [...masked.matchAll(/^(#+) (.+)$/gm)];
  return headings.map((heading, at) => ({
    level: heading[1]?.length ?? 0,
    title: heading[2] ?? "",
    text: text.slice(heading.index + heading[0].length, headings[at + 1]?.index ?? text.length),
  }));
}

export function section(source: Page, title: string): Section {
  const found = sectionsOf(source).find((candidate) => candidate.title === title);
  if (!found) throw new Error(`${source.path} has no section "${title}".`);
  return found;
}

/** The cells of all tables in a text, without headings. */
export function rowsOf(text: string): string[][] {
  const lines = text.split("\n");
  const isRule = (line: string | undefined) => line !== undefined && /^\|[ :|-]+\|$/.test(line);
  return lines
    .filter((line, at) => line.startsWith("|") && !isRule(line) && !isRule(lines[at + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}
