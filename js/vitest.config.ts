import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // Anything written to the console is a mistake: tests fail on it (test/setup.ts).
    setupFiles: ["test/setup.ts"],
  },
});
