import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/processes/**"] } },
      {
        // Real processes of the built program: slower, and each test owns a homeserver.
        test: {
          name: "processes",
          include: ["test/processes/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
