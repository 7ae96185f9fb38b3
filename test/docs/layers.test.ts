import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/sessions.js";
import {
  FILES,
  foldersOf,
  isFolder,
  LAYERS,
  type Layer,
  layerOf,
  linterConfig,
  specifierOf,
} from "./layers.js";
import { ROOT } from "./pages.js";

/** What a file may be named by: statements, `import()` of values and of types, and paths from `import.meta.url`. */
const REFERENCES = [
  /\bfrom\s*"([^"]+)"/g,
  /\bimport\s*"([^"]+)"/g,
  /\bimport\(\s*"([^"]+)"\s*\)/g,
  /\bnew URL\(\s*"([^"]+)",\s*import\.meta\.url\)/g,
  /\bcreateRequire\(import\.meta\.url\)\.resolve\("([^"]+)"\)/g,
];

/** Files that are read and belong to no layer. */
const READ: readonly string[] = ["package.json", "docs/troubleshooting.md"];

function codeOf(file: string): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  return text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
}

function referencesIn(file: string): string[] {
  return REFERENCES.flatMap((form) => [...codeOf(file).matchAll(form)].map(([, target = ""]) => target));
}

/** The file that is named, as its source; `undefined` for a module of Node or a package. */
function targetOf(file: string, reference: string): string | undefined {
  if (!reference.startsWith(".")) return undefined;
  return posix
    .join(posix.dirname(file), reference)
    .replace(/^dist\/cli\//, "src/")
    .replace(/\.js$/, ".ts");
}

function mayUse({ modules }: Layer, name: string): boolean {
  if (modules === "any") return true;
  return modules.some((module) =>
    module.endsWith("*") ? name.startsWith(module.slice(0, -1)) : name === module,
  );
}

describe("the table of layers", () => {
  it("has a row for every file of src/ and bin/, and no row without files", () => {
    expect(FILES.filter((file) => !layerOf(file))).toEqual([]);
    expect(LAYERS.filter((layer) => foldersOf(layer).length === 0)).toEqual([]);
    expect(LAYERS.length).toBeGreaterThan(15);
  });

  it("goes one way: every row imports only from rows below it", () => {
    const names = LAYERS.map(({ name }) => name);
    const upward = LAYERS.flatMap(({ name, mayImport }, at) =>
      mayImport.filter((other) => names.lastIndexOf(other) <= at).map((other) => `${name} → ${other}`),
    );
    expect(upward).toEqual([]);
  });
});

describe("the code", () => {
  it("imports only what the table allows", () => {
    const forbidden = FILES.flatMap((file) => {
      const layer = layerOf(file);
      return referencesIn(file)
        .filter((reference) => {
          const target = targetOf(file, reference);
          if (!layer) return true;
          if (target === undefined) return !mayUse(layer, reference);
          const other = layerOf(target);
          if (other === undefined) return !READ.includes(target);
          return other !== layer && !layer.mayImport.includes(other.name);
        })
        .map((reference) => `${file}: ${reference}`);
    });
    expect(forbidden).toEqual([]);
  });

  it("names other files only in ways that this test can read", () => {
    const unread = FILES.filter((file) => {
      const code = codeOf(file);
      const [, , calls = /^$/g, urls = /^$/g, requires = /^$/g] = REFERENCES;
      const count = (form: RegExp) => [...code.matchAll(form)].length;
      return (
        count(/\bimport\s*\(/g) !== count(calls) ||
        count(/\bimport\.meta\b/g) !== count(urls) + count(requires) ||
        count(/\brequire\s*\(|\bgetBuiltinModule\b/g) > 0
      );
    });
    expect(unread).toEqual([]);
  });
});

describe("the linter", () => {
  it("has for each row what the table says: `npm run docs:layers` writes it", async () => {
    const config = `${JSON.stringify(linterConfig(), null, 2)}\n`;
    await expect(config).toMatchFileSnapshot("../../biome.layers.json");
  });

  it("forbids every import that the table doesn't allow, and no other", { timeout: 60_000 }, async () => {
    const plants = LAYERS.flatMap((layer) => foldersOf(layer).map((folder) => plant(layer, folder)));
    const found = await lint(new Map(plants.map(({ file, lines }) => [file, lines.map(({ text }) => text)])));
    for (const { file, lines } of plants) {
      const expected = lines.filter(({ forbidden }) => forbidden).map(({ text }) => text);
      const reported = lines.filter((_, at) => found.has(`${file}:${at + 1}`)).map(({ text }) => text);
      expect(reported, file).toEqual(expected);
    }
  });
});

/** A file of the layer with every import that there could be, a line each, and whether it is forbidden. */
function plant(layer: Layer, folder: string) {
  const others = LAYERS.filter((other) => other !== layer && other.name !== "bin/").flatMap((other) =>
    imports(specifierOf(other, folder, "file.js"), !layer.mayImport.includes(other.name)),
  );
  const own = isFolder(layer) ? imports("./file.js", false) : [];
  const modules = [
    "node:fs",
    "node:crypto",
    "undici",
    "valibot",
    "@hpke/core",
    "node:timers/promises",
  ].flatMap((name) => imports(name, !mayUse(layer, name)));
  const machine = ["node:os", "node:process"].flatMap((name) => imports(name, !layer.usesProcess));
  const inSources = folder !== "bin";
  const lines = [
    ...[...others, ...own, ...modules, ...machine],
    { text: "console.log(process.env);", forbidden: !layer.usesProcess },
    { text: "console.log(globalThis.process.env);", forbidden: inSources },
    { text: 'new URL("./file.js", import.meta.url);', forbidden: inSources },
    { text: 'type Hidden = import("./file.js").Hidden;', forbidden: inSources },
  ];
  return { file: isFolder(layer) ? `${folder}/planted.ts` : layer.name, lines };
}

function imports(specifier: string, forbidden: boolean) {
  return [
    `import { value } from "${specifier}";`,
    `import type { Type } from "${specifier}";`,
    `import "${specifier}";`,
    `await import("${specifier}");`,
    `export { value } from "${specifier}";`,
    `export type * from "${specifier}";`,
  ].map((text) => ({ text, forbidden }));
}

/** Has the linter judge files as if they were in this repository. What it has to say about layers is `file:line`. */
async function lint(files: ReadonlyMap<string, readonly string[]>): Promise<Set<string>> {
  const folder = await temporaryDirectory();
  for (const name of ["biome.jsonc", "biome.layers.json", "biome.layers.grit"])
    copyFileSync(join(ROOT, name), join(folder, name));
  for (const [file, lines] of files) {
    mkdirSync(join(folder, posix.dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), lines.join("\n"));
  }
  const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
  const args = ["lint", "--vcs-enabled=false", "--reporter=github", "--max-diagnostics=none"];
  const { stdout } = await promisify(execFile)(process.execPath, [biome, ...args], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string }) => error);
  const reports = stdout.matchAll(/title=(?:lint\/style\/noRestricted\w+|plugin),file=([^,]+),line=(\d+)/g);
  return new Set([...reports].map(([, file = "", line]) => `${relativeTo(folder, file)}:${line}`));
}

function relativeTo(folder: string, file: string): string {
  return file.startsWith(folder) ? posix.relative(folder, file) : file;
}
