import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 60_000, // a busy machine is no failure
    // Anything written to the console is a mistake: tests fail on it (test/setup.ts).
    setupFiles: ["test/setup.ts"],
  },
});
