import { readFile, writeFile } from "node:fs/promises";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../docs/pages.js";
import { cleanUp } from "./clean-up.js";
import { type Measured, rounded } from "./line.js";
import { filled } from "./page.js";
import { ROWS, type Row } from "./rows.js";
import { markdownTable, textTable } from "./table.js";

const USAGE = `npm run bench [-- [<row>...] [--list] [--json <file>] [--write] [--pictures <folder>] [--requests <n>] [--times <n>]]
`;
const PAGE = join(ROOT, "docs", "performance.md");
const INTERRUPTED = 130;
const OPTIONS = {
  list: { type: "boolean", default: false },
  json: { type: "string" },
  write: { type: "boolean", default: false },
  pictures: { type: "string", default: join(process.env["MATRIX_QR_LOGIN_SHARED"] ?? ".", "corpus") },
  requests: { type: "string", default: "100000" },
  times: { type: "string" },
} as const;

/**
 * @param args the command line
 * @returns the exit code
 */
export async function bench(args: readonly string[]): Promise<number> {
  const parsed = parse(args);
  if (!parsed) return usage();
  const { values, positionals } = parsed;
  const rows = ROWS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name));
  const times = values.times === undefined ? undefined : Number(values.times);
  const requests = Number(values.requests);
  if (values.list) {
    process.stdout.write(ROWS.map(({ name, title }) => `${name.padEnd(15)}${title}\n`).join(""));
    return 0;
  }
  // The page is about one run.
  const isUsable = [requests, times ?? 1].every((number) => Number.isSafeInteger(number) && number > 0);
  if (unknown.length > 0 || !isUsable || (values.write && rows.length < ROWS.length)) {
    return usage();
  }
  const interrupted = endWhenInterrupted();
  const startedAt = performance.now();
  const [load = 0] = loadavg();
  const results = new Map<string, readonly Measured[]>();
  let failed = false;
  for (const row of rows) {
    const lines = await measured(row, { ...values, requests, times });
    // What is interrupted fails too. It is no result.
    if (interrupted.aborted) return INTERRUPTED;
    failed ||= lines === undefined;
    results.set(row.name, lines ?? [{ what: row.title, because: "it failed" }]);
  }
  const minutes = Math.ceil((performance.now() - startedAt) / 60_000);
  const day = new Date().toISOString().slice(0, 10);
  // Whoever measures while others work should see it on the page.
  const run = `${day}, ${machine()}, in ${minutes} min; its load before was ${rounded(load)}`;
  process.stdout.write(`${textTable([...results.values()].flat())}\n${run}\n`);
  if (values.json !== undefined) await writeJson(values.json, run, results);
  if (values.write && !failed) await writePage(run, results);
  return failed ? 1 : 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch {
    return undefined;
  }
}

function usage(): number {
  process.stderr.write(USAGE);
  return 2;
}

interface Wanted {
  readonly pictures: string;
  readonly requests: number;
  readonly times: number | undefined;
}

/** @returns undefined where it failed, which is no reason to lose the other rows */
async function measured(
  row: Row,
  { pictures, requests, times }: Wanted,
): Promise<readonly Measured[] | undefined> {
  const progress = (what: string) => process.stderr.write(`${row.name}: ${what}\n`);
  progress(row.title);
  try {
    return await row.measure({
      picturesFolder: pictures,
      requests,
      progress,
      ...(times !== undefined && { times }),
    });
  } catch (error) {
    process.stderr.write(`${row.name}: ${error instanceof Error ? error.stack : error}\n`);
    return undefined;
  } finally {
    await cleanUp();
  }
}

function machine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const system = `${platform()} ${arch()}`;
  return `Node.js ${process.versions.node}, ${cpus().length} × ${cpu?.model ?? "unknown processor"}, ${memory}, ${system}`;
}

/** Processes and folders are gone before the bench is. */
function endWhenInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupted.abort();
      void cleanUp().finally(() => process.exit(INTERRUPTED));
    });
  }
  return interrupted.signal;
}

async function writeJson(path: string, run: string, results: ReadonlyMap<string, readonly Measured[]>) {
  await writeFile(path, `${JSON.stringify({ run, rows: Object.fromEntries(results) }, undefined, 2)}\n`);
}

async function writePage(run: string, results: ReadonlyMap<string, readonly Measured[]>): Promise<void> {
  const tables = [...results].map(([name, lines]) => [name, markdownTable(lines)] as const);
  const page = await readFile(PAGE, "utf8");
  await writeFile(PAGE, filled(page, new Map([["run", `Measured on ${run}.`], ...tables])));
}
