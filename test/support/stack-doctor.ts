import type { Check, Finding, State, Verdict } from "../../src/doctor/findings.js";
import type { Machine } from "./machine.js";
import type { Stack } from "./stack.js";

export interface Diagnosis {
  readonly code: number | NodeJS.Signals;
  readonly states: Readonly<Partial<Record<Check, State>>>;
  /** What an admin is told to set, for each check that isn't ok. */
  readonly settings: Readonly<Partial<Record<Check, string>>>;
  readonly verdict: Omit<Verdict, "event">;
}

/** Runs `doctor` on the stack. */
export async function diagnose(machine: Machine, { baseUrl, trust }: Stack): Promise<Diagnosis> {
  const { code, stdout } = await machine.run(["doctor", baseUrl.href, "--json"], { env: trust });
  const events = stdout.trimEnd().split("\n").map(parse);
  const findings = events.filter((event) => event.event === "check");
  const verdict = events.find((event) => event.event === "verdict");
  if (!verdict) throw new Error(`doctor came to no verdict: ${stdout}`);
  const { event: _, ...rest } = verdict;
  return {
    code,
    states: Object.fromEntries(findings.map(({ check, state }) => [check, state])),
    settings: Object.fromEntries(
      findings.flatMap(({ check, setting }) => (setting ? [[check, setting]] : [])),
    ),
    verdict: rest,
  };
}

function parse(line: string): Finding | Verdict {
  return JSON.parse(line);
}
