import { readFileSync } from "node:fs";
import type { Intent } from "../../src/foundation/events.js";
import type { Measured } from "./line.js";
import type { BenchOptions } from "./rows.js";
import { titleOf } from "./rust-peers.js";
import { runSignIn, SDK, type Subject } from "./sign-in-run.js";
import { type Figures, figuresOf } from "./statistics.js";

const TIMES = 3;
const LOOK_EVERY_MS = 10;
const ROLES: readonly Intent[] = ["new", "existing"];

/** The most memory that each device of a sign-in has had, by its role. The existing one scans. */
export async function memory({ times = TIMES }: BenchOptions): Promise<readonly Measured[]> {
  if (peakOf(process.pid) === undefined) {
    return [{ what: "peak memory of a sign-in", because: "only Linux tells it of other processes" }];
  }
  const own = await peaks("msc4388", times);
  const theirs = SDK.missing === undefined ? await peaks("matrix-sdk", times) : undefined;
  const lines: readonly Measured[] = ROLES.map((role) => ({
    what: `peak memory of a sign-in, ${role} device`,
    unit: "MiB",
    own: own[role],
    ...(theirs && { beside: { name: titleOf(SDK), figures: theirs[role] } }),
  }));
  return theirs ? lines : [...lines, { what: titleOf(SDK), because: SDK.missing ?? "" }];
}

async function peaks(subject: Subject, times: number): Promise<Record<Intent, Figures>> {
  const found: Record<Intent, number[]> = { new: [], existing: [] };
  for (let time = 0; time < times; time++) {
    const latest: Partial<Record<Intent, number>> = {};
    const looks: NodeJS.Timeout[] = [];
    const watch = (role: Intent, pid: number) => {
      // The kernel keeps the peak itself: only what comes after the last look is missed.
      const look = () => {
        const bytes = peakOf(pid);
        if (bytes !== undefined) latest[role] = bytes / 2 ** 20;
      };
      looks.push(setInterval(look, LOOK_EVERY_MS));
    };
    try {
      await runSignIn({ subject, role: "new", roundTripMs: 0, watch });
    } finally {
      looks.forEach(clearInterval);
    }
    for (const role of ROLES) found[role].push(latest[role] ?? Number.NaN);
  }
  return { new: figuresOf(found.new), existing: figuresOf(found.existing) };
}

/** Bytes; undefined for a process that has ended, or where there is no /proc. */
function peakOf(pid: number): number | undefined {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
