import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { qrPng } from "../../src/qr/draw/picture.js";
import { PROGRAM } from "../support/cli-process.js";
import { Machine } from "../support/computer.js";
import { strayCode } from "../support/qr-samples.js";
import { using, within } from "./clean-up.js";
import { type Line, type Measured, moreAtMost } from "./line.js";
import type { BenchOptions } from "./rows.js";
import { withSlowHomeserver } from "./slow-homeserver.js";
import { figuresOf } from "./statistics.js";

const TIMES = 15;
const BOUND_MS = 60_000;
const BARE = ["-e", "0"];
/** A window in which the code has room. */
const WINDOW = "stty cols 100 rows 50";
/** In the folder in which it is started. */
const PID_FILE = "on-terminal.pid";

interface Start {
  readonly what: string;
  readonly args: readonly string[];
  /** How many milliseconds more than bare Node.js it may take. */
  readonly bound?: number;
  /** Where that isn't its end: what has come out by then. */
  readonly until?: (output: string) => boolean;
  readonly inTerminal?: boolean;
}

/** From the start of a process until there is what it was started for, beside a Node.js that does nothing. */
export async function startUp({ times = TIMES, progress }: BenchOptions): Promise<readonly Measured[]> {
  const terminal = await hasTerminals();
  const machine = await Machine.start();
  return using(
    machine,
    (machine) => machine.stop(),
    () =>
      withSlowHomeserver(0, async ({ server }) => {
        const starts = await startsOf(machine, server.baseUrl);
        const possible = starts.filter(({ inTerminal }) => terminal || !inTerminal);
        const lines: Line[] = [];
        for (const start of possible) {
          progress(start.what);
          lines.push(await lineOf(start, machine, times));
        }
        const leftOut = starts.filter((start) => !possible.includes(start));
        const because = "it takes script(1), of util-linux";
        return [...lines, ...leftOut.map(({ what }) => ({ what, because }))];
      }),
  );
}

async function startsOf(machine: Machine, baseUrl: URL): Promise<readonly Start[]> {
  const picture = machine.path("screenshot.png");
  const code = Buffer.from(await qrPng(strayCode("existing", baseUrl.href)));
  await sharp({ create: { width: 1440, height: 900, channels: 3, background: "#f4f4f4" } })
    .composite([{ input: code }])
    .toFile(picture);
  const own = ["--homeserver", baseUrl.href, "--session", machine.path("new.json")];
  return [
    { what: "`--version`", args: ["--version"], bound: 50 },
    { what: "`--help`", args: ["--help"], bound: 50 },
    { what: "`inspect` of a payload", args: ["inspect", strayCode("new").toString("base64")] },
    {
      what: "`generate --plain`, until the code stands",
      args: ["generate", ...own, "--plain", "--check-code", "stdin"],
      bound: 200,
      until: hasCode,
    },
    {
      what: "`generate` on a terminal, until the code stands",
      args: ["generate", ...own],
      bound: 300,
      until: hasCode,
      inTerminal: true,
    },
    {
      what: "`scan` of a screenshot, until it is decoded",
      args: ["scan", picture, "--as", "new", ...own, "--json"],
      bound: 320,
      until: (output) => output.includes('"scanned"'),
    },
  ];
}

/** Most of one is drawn with halves of blocks. */
function hasCode(output: string): boolean {
  return (output.match(/[▀▄]/g)?.length ?? 0) > 300;
}

/** In turns with the bare one, so that what else the machine does meets both alike. */
async function lineOf(
  { what, args, bound, until, inTerminal = false }: Start,
  machine: Machine,
  times: number,
): Promise<Line> {
  const own: number[] = [];
  const bare: number[] = [];
  for (let time = 0; time < times; time++) {
    bare.push(await timed(BARE, machine, inTerminal));
    own.push(await timed([PROGRAM, ...args], machine, inTerminal, until));
  }
  const [ownFigures, bareFigures] = [figuresOf(own), figuresOf(bare)];
  return {
    what,
    unit: "ms",
    own: ownFigures,
    beside: { name: inTerminal ? "`node -e 0` on one" : "`node -e 0`", figures: bareFigures },
    ...(bound !== undefined && { target: moreAtMost(bound, "ms", ownFigures, bareFigures) }),
  };
}

/** Milliseconds until it has ended, or until its output is as it is wanted. */
function timed(
  args: readonly string[],
  machine: Machine,
  inTerminal: boolean,
  until?: (output: string) => boolean,
): Promise<number> {
  const command = [process.execPath, ...args];
  const [program, ...rest] = inTerminal ? onTerminal(command) : command;
  const startedAt = performance.now();
  const child = spawn(program, rest, {
    cwd: machine.path("."),
    env: { ...machine.environment, TERM: "xterm-256color" },
  });
  let endedAt = Number.NaN;
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const measured = new Promise<number>((resolve, reject) => {
    let output = "";
    const look = (chunk: string) => {
      output += chunk;
      if (until?.(output)) resolve(performance.now() - startedAt);
    };
    child.stdout.setEncoding("utf8").on("data", look);
    child.stderr.setEncoding("utf8").on("data", look);
    child.once("error", reject);
    child.once("exit", () => {
      endedAt = performance.now();
    });
    child.once("close", (code) => {
      if (until === undefined && code === 0) resolve(endedAt - startedAt);
      else reject(new Error(`${command.join(" ")} ended too soon: ${output}`));
    });
  });
  const end = async () => {
    // At once, lest it is cleaning up while the next one is timed.
    if (child.exitCode === null) await (inTerminal ? killOnTerminal(machine) : child.kill("SIGKILL"));
    await closed;
  };
  return using(child, end, () => within(BOUND_MS, command.join(" "), measured));
}

/** script(1) ends with what it has started, and not the other way round. */
function onTerminal(command: readonly string[]): readonly [string, ...string[]] {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return ["script", "-qec", `echo $$ >${PID_FILE}; ${WINDOW}; exec ${quoted.join(" ")}`, "/dev/null"];
}

async function killOnTerminal(machine: Machine): Promise<void> {
  process.kill(Number(await readFile(machine.path(PID_FILE), "utf8")), "SIGKILL");
}

async function hasTerminals(): Promise<boolean> {
  const child = spawn("script", ["-qec", WINDOW, "/dev/null"], { stdio: "ignore" });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}
