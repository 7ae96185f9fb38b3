import { readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { page, ROOT, rowsOf, section } from "./pages.js";

/** The table of docs/project-layout.md, and what follows from it for the linter. */

export interface Layer {
  /** Like `src/protocol/`, or a file like `src/run.ts`. */
  readonly name: string;
  readonly mayImport: readonly string[];
  /** Modules of Node and packages: a `*` at the end stands for anything. */
  readonly modules: readonly string[] | "any";
  readonly usesProcess: boolean;
}

const DOC = page("docs/project-layout.md");

export const LAYERS: readonly Layer[] = rowsOf(section(DOC, "The layers").text).map(
  ([name = "", _purpose, mayImport = "", modules = ""]) => {
    const named = spansIn(modules);
    return {
      name: spansIn(name)[0] ?? "",
      mayImport: spansIn(mayImport),
      modules: modules.startsWith("any") ? "any" : named.filter((module) => module !== "process"),
      usesProcess: named.includes("process"),
    };
  },
);

function spansIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);
}

/** All files that the table is about, from the root of the repository. */
export const FILES: readonly string[] = ["bin", "src"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(ROOT, join(entry.parentPath, entry.name))),
);

export function isFolder(layer: Layer): boolean {
  return layer.name.endsWith("/");
}

export function layerOf(file: string): Layer | undefined {
  return LAYERS.find((layer) => (isFolder(layer) ? file.startsWith(layer.name) : file === layer.name));
}

/** The folders that a layer's files are in. */
export function foldersOf(layer: Layer): string[] {
  if (!isFolder(layer)) return [posix.dirname(layer.name)];
  const found = FILES.filter((file) => file.startsWith(layer.name)).map((file) => posix.dirname(file));
  return [...new Set(found)].sort();
}

/**
 * How a file of `folder` names another layer, or with `within` a file in it. What `bin/` runs is bundled.
 *
 * @returns like `../network/**` or `./run.js`
 */
export function specifierOf(layer: Layer, folder: string, within = "**"): string {
  const path = isFolder(layer) ? `${layer.name}${within}` : layer.name.replace(/\.ts$/, ".js");
  const there = folder === "bin" ? path.replace(/^src\//, "dist/cli/") : path;
  const relative = posix.relative(folder, there);
  return relative.startsWith("../") ? relative : `./${relative}`;
}

/** What has to be in biome.layers.json. */
export function linterConfig() {
  const overrides = LAYERS.flatMap((layer) => {
    const folders = foldersOf(layer);
    const depths = new Map(folders.map((folder) => [folder.split("/").length, folder]));
    return [...depths.values()].map((folder) => {
      const stars = folder.slice(layer.name.length - 1).replace(/[^/]+/g, "*");
      const includes = isFolder(layer) ? `${layer.name.slice(0, -1)}${stars}/*` : layer.name;
      return { includes: [includes], linter: { rules: { style: rulesOf(layer, folder) } } };
    });
  });
  return { overrides };
}

function rulesOf(layer: Layer, folder: string) {
  const allowed = layer.mayImport.length === 0 ? "nothing of the other layers" : layer.mayImport.join(", ");
  const message = `${layer.name} may import ${allowed}: see the table in docs/project-layout.md.`;
  const options = { patterns: [{ group: patternsOf(layer, folder), message }] };
  const noRestrictedImports = { level: "error", options };
  if (layer.usesProcess) return { noRestrictedImports };
  const deniedGlobals = { process: "Have it handed in: see the table in docs/project-layout.md." };
  return { noRestrictedImports, noRestrictedGlobals: { level: "error", options: { deniedGlobals } } };
}

/** An allow-list: the last pattern that an import matches decides. */
function patternsOf(layer: Layer, folder: string): string[] {
  const { modules } = layer;
  const leavesLayer = isFolder(layer) ? `${posix.relative(folder, posix.join(layer.name, ".."))}/**` : "./**";
  return [
    ...(modules === "any" ? [] : ["**", "!./**", "!../**", ...modules.map((module) => `!${module}`)]),
    ...[leavesLayer, "./../**", ...(isFolder(layer) ? [] : ["../**"])],
    ...layer.mayImport
      .flatMap((name) => LAYERS.filter((other) => other.name === name))
      .map((other) => `!${specifierOf(other, folder)}`),
    ...(layer.usesProcess ? [] : ["node:os", "node:process"]),
  ];
}
