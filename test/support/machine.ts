import { test as base } from "vitest";
import { Machine } from "./computer.js";

export { Machine, type StartOptions } from "./computer.js";

/** `it`, with a machine. */
export const it = base.extend<{ machine: Machine }>({
  // biome-ignore lint/correctness/noEmptyPattern: a fixture has to take its fixtures apart.
  machine: async ({}, use) => {
    const machine = await Machine.start();
    await use(machine);
    await machine.stop();
  },
});
