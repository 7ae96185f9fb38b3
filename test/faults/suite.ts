import { expect, it } from "vitest";
import type { ChannelVersion, Intent } from "../../src/foundation/events.js";
import { SeededRandom } from "../support/random.js";
import { exceptionFor } from "./exceptions.js";
import { FAULTS, type FaultName } from "./faults.js";
import { VERIFIED } from "./judge.js";
import { describeMet, hasToPass, type Run, requestsOf, runWith } from "./matrix.js";

/** Pairs of faults for each version and way round. */
const PAIRS = 40;

/** Tests whole sign-ins of one version and way round: first with one fault each, then with two. */
export function testSignIns(version: ChannelVersion, generator: Intent): void {
  const options = { version, generator };

  it.each(Object.keys(FAULTS) as FaultName[])("%s, at each request of a sign-in", async (fault) => {
    const requests = await requestsOf(options);
    const runs: Run[] = [];
    for (const { n } of requests) runs.push(await runWith(options, new Map([[n, fault]])));
    tell(`${version}, code of the ${generator} device: ${fault}`, runs);
    expect(runs.flatMap(against)).toEqual([]);
  });

  it(`two faults, ${PAIRS} times`, async () => {
    const seed = Number(process.env["FAULTS_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
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

/** What is against the promises in a run, in words. */
function against({ met, outcome, broken }: Run): string[] {
  const [only, second] = met;
  const isBad = only && !second && hasToPass(only) && outcome !== VERIFIED && !exceptionFor(only, outcome);
  const all = isBad ? [...broken, "it did not end well"] : broken;
  return all.map((what) => `${describeMet(met)}: ${what} (${outcome})`);
}

/** Prints how often which outcome was. */
function tell(title: string, runs: readonly Run[]): void {
  const counts = new Map<string, number>();
  for (const { outcome } of runs) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const lines = [...counts].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${count} × ${outcome}`);
  process.stdout.write(`${[title, ...lines].join("\n  ")}\n`);
}
