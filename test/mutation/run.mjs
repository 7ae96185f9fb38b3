// npm run test:mutation [-- file…]: changes the security core one bit at a time, by Stryker, and asks whether a test fails
// for it. README.md beside it says what counts, and holds what came of it. Stryker wants a newer Node.js than this program:
// .ci/run installs one, and MUTATION_NODE may name another.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const here = import.meta.dirname;
const root = resolve(here, "../..");
const LEAST_PERCENT = 95;

const json = (file) => JSON.parse(readFileSync(file, "utf8"));
/** The security core, and for each file the tests whose promises it keeps. */
const core = json(join(here, "core.json"));
const equivalents = json(join(here, "equivalents.json"));

const cache = process.env.MATRIX_QR_LOGIN_CACHE ?? join(homedir(), ".cache/matrix-qr-login-ci");
const node = process.env.MUTATION_NODE ?? join(cache, "node24/node_modules/node/bin/node");
if (!existsSync(node)) throw new Error(`There is no Node.js 24 at ${node}: name one in MUTATION_NODE.`);
const stryker = join(here, "node_modules/@stryker-mutator/core/bin/stryker.js");
if (!existsSync(stryker)) {
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });
}

const folder = mkdtempSync(join(tmpdir(), "matrix-qr-login-mutation-"));
/** Of what the compiler looks at. */
const copy = join(folder, "copy");
for (const name of ["src", "tsconfig.json", "package.json"]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

const named = process.argv.slice(2);
try {
  for (const file of named.length > 0 ? named : Object.keys(core)) {
    const result = judged(file, mutantsOf(file));
    const percent = (100 * (result.mutants - result.survived)) / result.mutants;
    process.stdout.write(`${percent.toFixed(1).padStart(5)} % of ${result.mutants} mutants: ${file}\n`);
    if (percent < LEAST_PERCENT || result.outdated > 0) process.exitCode = 1;
    note(file, result);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The file as Stryker saw it, and what became of each mutant. */
function mutantsOf(file) {
  const report = join(folder, "report.json");
  const own = join(folder, "config.json");
  const config = json(join(here, "stryker.config.json"));
  writeFileSync(own, JSON.stringify({ ...config, jsonReporter: { fileName: report } }));
  const PATH = `${dirname(node)}:${process.env.PATH}`;
  const env = { ...process.env, PATH, MUTATION_TESTS: core[file].join(" ") };
  const run = spawnSync(node, [stryker, "run", own, "--mutate", file], { cwd: root, env, stdio: "inherit" });
  if (run.status !== 0) throw new Error(`Stryker failed with ${file}.`);
  return json(report).files[file];
}

/** Counts them, and prints those that no test, no compiler and nobody's reason speaks against. */
function judged(file, { source, mutants }) {
  const counted = mutants.filter(({ status }) => status !== "Ignored" && status !== "CompileError");
  const spared = counted.filter(({ status }) => status === "Survived" || status === "NoCoverage");
  const changes = spared.map((mutant) => describe(source, mutant));
  const reasons = new Set(equivalents[file]?.map(({ mutant }) => mutant));
  const unnamed = spared.filter((_mutant, index) => !reasons.has(changes[index]));
  const survivors = unnamed.filter(compilesIn(file, source, unnamed));
  for (const mutant of survivors) {
    process.stdout.write(`survived, ${file}:${mutant.location.start.line}: ${describe(source, mutant)}\n`);
  }
  const outdated = [...reasons].filter((change) => !changes.includes(change));
  for (const change of outdated) {
    process.stdout.write(`named as equivalent, but no survivor, ${file}: ${change}\n`);
  }
  return {
    mutants: counted.length,
    refused: unnamed.length - survivors.length,
    equivalent: spared.length - unnamed.length,
    survived: survivors.length,
    outdated: outdated.length,
  };
}

/** The line where a mutant begins, without it and with it. */
function describe(source, { location: { start, end }, replacement }) {
  const lines = source.split("\n");
  const without = lines[start.line - 1];
  const rest = lines[end.line - 1].slice(end.column - 1);
  const changed = `${without.slice(0, start.column - 1)}${replacement}${rest}`;
  return [without, changed].map((line) => line.trim().replaceAll(/\s+/g, " ")).join(" => ");
}

/** Which mutants the compiler takes: each is a file of its own beside the first, and all are compiled at once. */
function compilesIn(file, source, mutants) {
  const lines = source.split("\n");
  const at = ({ line, column }) =>
    lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, column - 1);
  const changed = ({ location: { start, end }, replacement }) =>
    source.slice(0, at(start)) + replacement + source.slice(at(end));
  // The last one is the file as it is: what is said of that would be said of each.
  const names = [...mutants, undefined].map((_mutant, index) => file.replace(/\.ts$/, `.mutant-${index}.ts`));
  for (const [index, name] of names.entries()) {
    const mutant = mutants[index];
    writeFileSync(join(copy, name), mutant ? changed(mutant) : source);
  }
  const project = join(copy, "tsconfig.mutants.json");
  writeFileSync(project, JSON.stringify({ extends: "./tsconfig.json", files: names, include: [] }));
  const tsc = ["node_modules/typescript/bin/tsc", "--noEmit", "--pretty", "false", "-p", project];
  const { stdout } = spawnSync(process.execPath, tsc, { cwd: copy, encoding: "utf8" });
  for (const name of names) rmSync(join(copy, name));
  const isRefused = names.map((name) => stdout.includes(`${name}(`));
  if (isRefused.at(-1)) throw new Error(`The compiler refuses a copy of ${file}.`);
  return (_mutant, index) => !isRefused[index];
}

/** Keeps what came of a file in the table of README.md. */
function note(file, { mutants, refused, equivalent, survived }) {
  const page = join(here, "README.md");
  const start = `| \`${file}\` `;
  const killed = mutants - refused - equivalent - survived;
  const lines = readFileSync(page, "utf8").split("\n");
  const row = `${start}| ${[mutants, killed, refused, equivalent, survived].join(" | ")} |`;
  const at = lines.findIndex((line) => line.startsWith(start));
  if (at < 0) throw new Error(`README.md has no row for ${file}.`);
  writeFileSync(page, lines.with(at, row).join("\n"));
  execFileSync("npx", ["biome", "format", "--write", page], { cwd: root, stdio: "ignore" });
}
