// biome-ignore-all lint/style/noRestrictedGlobals: the entry of a thread that watches over its process.

import { setInterval } from "node:timers";
import { workerData } from "node:worker_threads";

/**
 * Runs in a thread of its own beside the decoders of the picture process, whatever these are at, and ends the process
 * when it takes more memory than any honest picture (an AVIF of 100 megapixels takes 1.8 GB), or when whoever waits
 * for its answer is gone.
 */

const MAX_MEMORY = 2_500_000_000;
const INTERVAL_MS = 100;

/** The process that waits for an answer, as long as it is there. */
const parent: unknown = workerData;

setInterval(() => {
  if (process.memoryUsage.rss() > MAX_MEMORY || process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}, INTERVAL_MS);
