import tsconfigPaths from "vite-tsconfig-paths";
import { defineConfig } from "vitest/config";

// The built site in a real browser. One file at a time: each has a server and a browser of its own, on two cores.
export default defineConfig({
  plugins: [tsconfigPaths()],
  test: {
    include: ["tests/e2e/**/*.spec.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
