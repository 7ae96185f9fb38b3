import { defineConfig } from "vitest/config";

/** The tests that a mutant has to survive: those that core.json names for its file. */
const tests = process.env["MUTATION_TESTS"]?.split(" ") ?? ["**/*"];

export default defineConfig({
  test: {
    setupFiles: ["./test/support/secret-equality.ts"],
    testTimeout: 5_000,
    include: tests.map((name) => `test/${name}.test.ts`),
  },
});
