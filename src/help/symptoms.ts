import { readFileSync } from "node:fs";

/** A section of docs/troubleshooting.md: what something looks like to whoever needs help. */
export interface Symptom {
  readonly title: string;
  /** Paragraphs and items of lists, which begin with a dash, as plain text without line breaks. */
  readonly advice: readonly string[];
  /** The failures that look like this. */
  readonly codes: readonly string[];
}

/** A paragraph of codes, and nothing else. */
const CODES = /^`[a-z0-9_]+`(?:, `[a-z0-9_]+`)*$/;

/** The page is read when it is asked for, so that there is one text of it; none where a package came without it. */
export function symptoms(): readonly Symptom[] {
  try {
    // biome-ignore lint/plugin: the page is in this package, so that nothing of it is written twice.
    return symptomsOf(readFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8"));
  } catch {
    return [];
  }
}

export function symptomsOf(page: string): readonly Symptom[] {
  const [, ...sections] = page.split(/^## /m);
  return sections.map((section) => {
    const [title = "", ...blocks] = section.split(/\n\n+|\n(?=- )/).map((block) => block.trim());
    const texts = blocks.map((block) => block.replace(/\s+/g, " ")).filter(Boolean);
    return {
      title: plain(title),
      advice: texts.filter((text) => !CODES.test(text)).map(plain),
      codes: texts.filter((text) => CODES.test(text)).flatMap((text) => text.match(/[a-z0-9_]+/g) ?? []),
    };
  });
}

/** Markdown as it is read on a terminal; pages that it links to are named by their path. */
function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\(([^)#]*)[^)]*\)/g, (_, text: string, page: string) =>
      text === page ? `docs/${page}` : text,
    )
    .replace(/(?<![\w`])_([^_`]+)_(?![\w`])/g, "$1")
    .replaceAll("`", "");
}
