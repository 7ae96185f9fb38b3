import { defineConfig } from "vitest/config";

/** The tests that a mutant has to survive: all of the unit project's that don't take pictures or pages apart. */
export default defineConfig({
  test: {
    setupFiles: ["./test/support/secret-equality.ts"],
    testTimeout: 20_000,
    include: ["test/{protocol,sign-in,session,proxy,rendezvous,secret-storage,homeserver}/**/*.test.ts"],
  },
});
