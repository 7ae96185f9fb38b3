import { defineConfig } from "vitest/config";

/** Where CI wants the results too, to count them. */
const results = process.env["TEST_RESULTS"];
/** Where .ci/stack has an installed Matrix Authentication Service, the tests run with that one too. */
const withMas = process.env["MATRIX_QR_LOGIN_MAS_STACK"] ? ["mas"] : [];
/** Takes note of the interop project's results only. */
const INTEROP_RESULTS = "./test/interop/reporter.ts";

/**
 * What several processes do on a busy machine is not all in our hands: CI looks twice, and its output names what needed it.
 */
const retry = process.env["CI"] ? 1 : 0;

/** For the projects that may compare secrets; they take over nothing from the root. */
const setupFiles = ["./test/support/secret-equality.ts"];

export default defineConfig({
  test: {
    reporters: results
      ? ["default", INTEROP_RESULTS, ["json", { outputFile: results }]]
      : ["default", INTEROP_RESULTS],
    projects: [
      {
        test: {
          name: "unit",
          setupFiles,
          // Pictures and cryptography take real time, and more of it on a busy machine.
          testTimeout: 20_000,
          include: ["test/**/*.test.ts"],
          exclude: [
            // Stryker's, beside test/mutation/run.mjs.
            "**/node_modules/**",
            "test/processes/**",
            "test/docs/docs.test.ts",
            "test/stack/**",
            "test/bots/**",
            "test/interop/**",
            "test/terminal/**",
            "test/faults/**",
            "test/model/**",
          ],
        },
      },
      {
        // Whole sign-ins, thousands of them, in each of which something goes wrong; a clock that is run by hand.
        test: {
          name: "faults",
          setupFiles: ["./test/faults/setup.ts", ...setupFiles],
          include: ["test/faults/**/*.test.ts"],
          testTimeout: 600_000,
          // Nothing in it but over-sockets.test.ts, by seconds, depends on how busy the machine is: all of two cores.
          maxWorkers: 2,
          retry,
        },
      },
      {
        // Real processes of the built program: slower, and each test owns a homeserver.
        test: {
          name: "processes",
          setupFiles,
          include: ["test/processes/**/*.test.ts", "test/docs/docs.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each test has two or three processes, and after a signal they have 5 s: two cores have to do.
          maxWorkers: 2,
          maxConcurrency: 3,
          retry,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Against other implementations, as test/peers/build has built them; not part of `npm test`.
        test: {
          name: "interop",
          setupFiles,
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 60_000,
          // Each test has two processes, whose rendezvous session lives for 60 s.
          maxWorkers: 1,
          maxConcurrency: 3,
          sequence: { groupOrder: 2 },
          // The other device runs out of its time by itself on a busy machine.
          retry: 1,
        },
      },
      // Against Synapse, as .ci/stack installs it; not part of `npm test`.
      ...["synapse", ...withMas].map((server) => ({
        test: {
          name: server === "synapse" ? "stack" : `stack-${server}`,
          setupFiles,
          include: ["test/stack/**/*.test.ts"],
          env: { STACK_WITH: server },
          // A test has two devices, and some restart Synapse, which takes its time on a busy machine.
          testTimeout: 120_000,
          // Each file starts servers of its own.
          maxWorkers: 2,
          retry,
        },
      })),
      {
        // Bots on frameworks that people use, as .ci/bots installs them; not part of `npm test`.
        test: {
          name: "bots",
          setupFiles,
          include: ["test/bots/**/*.test.ts"],
          // Their tokens live three times within it.
          testTimeout: 600_000,
          hookTimeout: 60_000,
          // They run side by side, waiting most of the time.
          maxConcurrency: 10,
          retry,
        },
      },
      {
        // In a terminal emulator, as .ci/terminal installs it; not part of `npm test`.
        test: {
          name: "terminal",
          include: ["test/terminal/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          retry,
        },
      },
      {
        // Symbolic models, which .ci/model installs Verifpal for; not part of `npm test`.
        test: { name: "model", include: ["test/model/**/*.test.ts"], testTimeout: 300_000 },
      },
      {
        // `npm run fuzz`: as long as one likes.
        test: {
          name: "fuzz",
          setupFiles,
          include: ["test/fuzz/long.fuzz.ts"],
          testTimeout: 24 * 60 * 60_000,
        },
      },
    ],
  },
});
