import { describe, it } from "vitest";
import { ALL_TARGETS } from "./all-targets.js";

/** The same inputs in every run; `npm run fuzz` takes others. */
const SEED = 4108;

describe.each(Object.entries(ALL_TARGETS))("%s: whatever comes from outside", (_, targets) => {
  it.each(targets)("$name", ({ runs, check }) => check({ seed: SEED, numRuns: runs }));
});
