import { expect, it } from "vitest";
import type { ChannelVersion, Intent } from "../../src/foundation/events.js";
import { SeededRandom } from "../support/random.js";
import { exceptionFor } from "./exceptions.js";
import { FAULTS, type FaultName } from "./faults.js";
import { ORPHANED, VERIFIED } from "./judge.js";
import { describeMet, hasToPass, type Run, requestsOf, runWith } from "./matrix.js";
import type { Sent } from "./world.js";

/** Pairs of faults for each version and way round. */
const PAIRS = 25;
/** Fixed, so that a run is as the one before; FAULTS_SEED takes another. */
const SEED = 1;

/** Tests whole sign-ins of one version and way round: first with one fault each, then with two. */
export function testSignIns(version: ChannelVersion, generator: Intent): void {
  const options = { version, generator };

  it.each(Object.keys(FAULTS) as FaultName[])("%s, at each request of a sign-in", async (fault) => {
    const requests = await requestsOf(options);
    const runs: Run[] = [];
    for (const { n } of requests.filter(isTelling)) runs.push(await runWith(options, new Map([[n, fault]])));
    tell(`${version}, code of the ${generator} device: ${fault}`, runs);
    expect(runs.flatMap(against)).toEqual([]);
  });

  it(`two faults, ${PAIRS} times`, async () => {
    const seed = Number(process.env["FAULTS_SEED"] ?? SEED);
    const random = new SeededRandom(seed);
    const requests = await requestsOf(options);
    const names = Object.keys(FAULTS) as FaultName[];
    const runs: Run[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const two = [0, 1].map(
        () => [1 + random.below(requests.length), names[random.below(names.length)] ?? "500"] as const,
      );
      runs.push(await runWith(options, new Map(two)));
    }
    tell(`${version}, code of the ${generator} device: two faults (FAULTS_SEED=${seed})`, runs);
    expect(runs.flatMap(against), `FAULTS_SEED=${seed}`).toEqual([]);
  });
}

/** Of polls in a row, the first and the last are enough. */
function isTelling({ device, what }: Sent, at: number, all: readonly Sent[]): boolean {
  const own = (each: Sent | undefined) => each?.device === device;
  const before = all.slice(0, at).findLast(own);
  const after = all.slice(at + 1).find(own);
  return !(what.startsWith("GET ") && before?.what === what && after?.what === what);
}

/** What is against the promises in a run, in words. */
function against({ met, outcome, broken }: Run): string[] {
  if (met.some((each) => exceptionFor(each, outcome)))
    return broken.filter((what) => what !== ORPHANED).map(told);
  const [only, second] = met;
  const isBad = only && !second && hasToPass(only) && outcome !== VERIFIED;
  return (isBad ? [...broken, "it did not end well"] : broken).map(told);

  function told(what: string): string {
    return `${describeMet(met)}: ${what} (${outcome})`;
  }
}

/** Prints how often which outcome was. */
function tell(title: string, runs: readonly Run[]): void {
  const counts = new Map<string, number>();
  for (const { outcome } of runs) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const lines = [...counts].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${count} × ${outcome}`);
  process.stdout.write(`${[title, ...lines].join("\n  ")}\n`);
}
