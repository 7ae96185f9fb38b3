import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EXAMPLES } from "../ui/event-examples.js";
import { blocksOf, page, ROOT, rowsOf, section } from "./pages.js";

const DOC = page("docs/events.md");
const SOURCE = readFileSync(`${ROOT}src/foundation/events.ts`, "utf8");

/** The fields of an event's interface, written as the page writes them: `name` or `name?`. */
function fieldsOf(event: string): string[] {
  const body = [...SOURCE.matchAll(/^(?:export )?interface \w+ \{\n([\s\S]*?)^\}/gm)]
    .map(([, text = ""]) => text)
    .find((text) => text.includes(`event: "${event}";`));
  if (body === undefined) throw new Error(`src/foundation/events.ts has no interface for ${event}.`);
  return [...body.matchAll(/^ {2}(\w+\??): /gm)]
    .map(([, field = ""]) => field)
    .filter((field) => field !== "event");
}

/** The example of the event's section, which starts with the word `event`. */
function exampleOf(event: string): Record<string, unknown> {
  const text = section(DOC, `\`${event}\``).text;
  const [block] = blocksOf({ path: DOC.path, text }).filter(({ info }) => info === "json");
  return JSON.parse(block?.code ?? "{}");
}

describe.each(Object.keys(EXAMPLES))("docs/events.md, %s", (event) => {
  const fields = fieldsOf(event);

  it("lists its fields, and which may be absent", () => {
    const listed = rowsOf(section(DOC, `\`${event}\``).text).flatMap(([names = ""]) => [
      ...names.matchAll(/`([^`]+)`/g),
    ]);
    expect(listed.map(([, name]) => name).sort()).toEqual([...fields].sort());
  });

  it("shows a line as the program prints it", () => {
    const example = exampleOf(event);
    expect(Object.keys(example)[0]).toBe("event");
    expect(example["event"]).toBe(event);
    const { event: _, ...rest } = example;
    const needed = fields.filter((field) => !field.endsWith("?"));
    expect(Object.keys(rest)).toEqual(expect.arrayContaining(needed));
    expect(fields.map((field) => field.replace("?", ""))).toEqual(expect.arrayContaining(Object.keys(rest)));
  });
});

describe("docs/events.md", () => {
  it("names each warning that the program gives", () => {
    const sources = readdirSync(`${ROOT}src`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => readFileSync(`${ROOT}src/${path}`, "utf8"))
      .join("\n");
    const given = [...sources.matchAll(/event: "warning",\s+code: "(\w+)"/g)].map(([, code]) => code);
    const { text } = section(DOC, "`warning`");
    expect(given.length).toBeGreaterThan(0);
    expect(given.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });
});
