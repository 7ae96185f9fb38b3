// npm run test:mutation [-- file…]: changes the security core one bit at a time, by Stryker, and asks whether a test fails
// for it. It takes hours for all of it, so it isn't part of CI. Stryker wants a newer Node.js than this program: .ci/run
// installs one, and MUTATION_NODE may name another. A mutant that survives counts as killed where the compiler refuses it
// (Stryker doesn't look at types), and where equivalents.json says in a line why it changes nothing.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const here = import.meta.dirname;
const root = resolve(here, "../..");
const LEAST_PERCENT = 95;

const CORE = [
  "src/protocol/establishment.ts",
  "src/protocol/secure-channel.ts",
  "src/sign-in/offers-on-show.ts",
  "src/protocol/hpke-channel.ts",
  "src/protocol/ecies-channel.ts",
  "src/protocol/cross-signing.ts",
  "src/protocol/self-verification.ts",
  "src/protocol/expected-user.ts",
  "src/protocol/sign-in-attempt.ts",
  "src/session/session-tokens.ts",
  "src/session/token-life.ts",
  "src/session/access-token.ts",
  "src/proxy/request-policy.ts",
  "src/proxy/device-signer.ts",
  "src/proxy/token-keeper.ts",
  "src/proxy/local-token.ts",
  "src/proxy/session-proxy.ts",
  "src/proxy/proxy-server.ts",
];

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
for (const name of ["src", "tsconfig.json", "tsconfig.build.json", "package.json"]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
const equivalents = JSON.parse(readFileSync(join(here, "equivalents.json"), "utf8"));
const only = process.argv.slice(2);
const scores = (only.length > 0 ? only : CORE).map((file) => ({ file, ...score(file) }));
rmSync(folder, { recursive: true });
for (const { file, killed, all } of scores) {
  process.stdout.write(`${((100 * killed) / all).toFixed(1).padStart(5)} % of ${all} mutants: ${file}\n`);
}
if (scores.some(({ killed, all }) => (100 * killed) / all < LEAST_PERCENT)) process.exitCode = 1;

function score(file) {
  const report = join(folder, "report.json");
  const config = JSON.parse(readFileSync(join(here, "stryker.config.json"), "utf8"));
  const own = join(folder, "config.json");
  writeFileSync(own, JSON.stringify({ ...config, jsonReporter: { fileName: report } }));
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
  const run = spawnSync(node, [stryker, "run", own, "--mutate", file], { cwd: root, env, stdio: "inherit" });
  if (run.status !== 0) throw new Error(`Stryker failed with ${file}.`);
  const { source, mutants } = JSON.parse(readFileSync(report, "utf8")).files[file];
  const counted = mutants.filter(({ status }) => status !== "Ignored" && status !== "CompileError");
  const lines = source.split("\n");
  const survivors = counted.filter((mutant) => {
    if (mutant.status !== "Survived" && mutant.status !== "NoCoverage") return false;
    const { start } = mutant.location;
    const change = `${lines[start.line - 1].trim()} => ${mutant.replacement.split("\n").join(" ")}`;
    if (equivalents[file]?.some(({ mutant: named }) => named === change)) return false;
    if (!compiles(file, source, mutant)) return false;
    process.stdout.write(`survived, ${file}:${start.line}: ${change}\n`);
    return true;
  });
  return { all: counted.length, killed: counted.length - survivors.length };
}

/** Whether the compiler would take the file with the mutant in it. */
function compiles(file, source, { location: { start, end }, replacement }) {
  const before = (line) =>
    source
      .split("\n")
      .slice(0, line - 1)
      .join("\n").length + (line > 1 ? 1 : 0);
  const at = ({ line, column }) => before(line) + column - 1;
  writeFileSync(join(copy, file), source.slice(0, at(start)) + replacement + source.slice(at(end)));
  try {
    const tsc = ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.build.json"];
    return spawnSync(process.execPath, tsc, { cwd: copy }).status === 0;
  } finally {
    writeFileSync(join(copy, file), source);
  }
}
