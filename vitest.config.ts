import tsconfigPaths from "vite-tsconfig-paths";
import { defineConfig } from "vitest/config";

// The Remix plugin stays out: it expects to own the build, and tests import modules directly.
export default defineConfig({
  plugins: [tsconfigPaths()],
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    globalSetup: ["tests/support/data-folder.ts"],
    setupFiles: ["tests/support/properties.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A condition that holds in milliseconds may take seconds where two workers share two cores with something else.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
  },
});
