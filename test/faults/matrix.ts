import type { Intent } from "../../src/foundation/events.js";
import { FAULTS, type FaultName, PASSING } from "./faults.js";
import { judge, VERIFIED } from "./judge.js";
import { type SignInOptions, signIn } from "./sign-in.js";
import { FaultyWorld, type Sent } from "./world.js";

/** A fault, and the request that met it. */
export interface Met {
  readonly fault: FaultName;
  readonly n: number;
  readonly device: Intent | "nobody";
  readonly what: string;
}

/** How a run ended in which one thing went wrong, or two. */
export interface Run {
  readonly met: readonly Met[];
  readonly outcome: string;
  /** What is against the promises. */
  readonly broken: readonly string[];
}

/** The requests of a sign-in in which nothing goes wrong. */
export async function requestsOf(options: SignInOptions): Promise<readonly Sent[]> {
  const world = await FaultyWorld.make(() => undefined);
  try {
    const ends = await signIn(world, options);
    const { outcome, broken } = await judge(world, ends);
    if (outcome !== VERIFIED || broken.length > 0) throw new Error(`${outcome}: ${broken.join(", ")}`);
    return world.sent;
  } finally {
    await world.close();
  }
}

/**
 * A whole sign-in.
 *
 * @param faults what goes wrong, by the number of the request
 */
export async function runWith(options: SignInOptions, faults: ReadonlyMap<number, FaultName>): Promise<Run> {
  const met: Met[] = [];
  const world = await FaultyWorld.make((sent) => {
    const fault = faults.get(sent.n);
    if (fault === undefined) return undefined;
    met.push({ fault, ...sent });
    return FAULTS[fault];
  });
  try {
    return { met, ...(await judge(world, await signIn(world, options))) };
  } catch (error) {
    return {
      met,
      outcome: "neither",
      broken: [error instanceof Error ? String(error.stack) : String(error)],
    };
  } finally {
    await world.close();
  }
}

/** Whether a run in which only this happened has to end well. */
export function hasToPass({ fault }: Met): boolean {
  return fault in PASSING;
}

export function describeMet(met: readonly Met[]): string {
  return met
    .map(({ fault, n, device, what }) => `${fault} at ${n}, the ${device} device's ${what}`)
    .join("; ");
}
