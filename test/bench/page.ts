/** docs/performance.md: what is between the marks is written from a run, everything else by hand. */

const MARKED = /<!-- bench: (?<name>[\w-]+) -->\n(?<content>[\s\S]*?)<!-- end of bench -->/g;

/** The names of the places that are filled. */
export function marksOf(page: string): readonly string[] {
  return [...page.matchAll(MARKED)].map(({ groups }) => groups?.["name"] ?? "");
}

/**
 * @param contents what is to stand in each place, by its name
 * @throws {Error} for a place that nothing is given for
 */
export function filled(page: string, contents: ReadonlyMap<string, string>): string {
  return page.replace(MARKED, (_, name: string) => {
    const content = contents.get(name);
    if (content === undefined) throw new Error(`Nothing was measured for "${name}".`);
    return `<!-- bench: ${name} -->\n\n${content}\n\n<!-- end of bench -->`;
  });
}
