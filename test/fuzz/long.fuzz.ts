import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ALL_TARGETS } from "./all-targets.js";
import type { Target } from "./target.js";

/** What `npm run fuzz` runs, for so long and with other inputs each time: see run.mjs. */

const seconds = Number(process.env["FUZZ_SECONDS"]);
const only = process.env["FUZZ_TARGET"];
const seed = process.env["FUZZ_SEED"];
const progress = process.env["FUZZ_PROGRESS"];

/** Heap that goes on growing is found by the size that run.mjs gives it; this is for what is outside of it. */
const MAX_GROWTH_BYTES = 1_024 ** 3;

const targets = Object.entries(ALL_TARGETS).filter(([name]) => only === undefined || name === only);
const all: readonly Target[] = targets.flatMap(([, each]) => each);

describe.each(targets)("%s", (_, each) => {
  it.each(each)("$name", async ({ name, runs, check }) => {
    const before = process.memoryUsage().rss;
    const end = performance.now() + (seconds * 1_000) / all.length;
    let inputs = 0;
    do {
      const chosen = seed === undefined ? randomInt(2 ** 31) : Number(seed);
      // Should this never end, whoever ends it knows what it was.
      if (progress !== undefined) writeFileSync(progress, `${name}, FUZZ_SEED=${chosen}`);
      await check({ seed: chosen, numRuns: runs });
      inputs += runs;
    } while (performance.now() < end && seed === undefined);
    if (progress !== undefined) writeFileSync(`${progress}.counts`, `${inputs}\n`, { flag: "a" });
    expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES);
  });
});
