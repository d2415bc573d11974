import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // A busy machine is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Anything written to the console is a mistake: tests fail on it (test/setup.ts).
    setupFiles: ["test/setup.ts"],
  },
});
