import { vitePlugin as remix } from "@remix-run/dev";
import { defineConfig } from "vite";
import tsconfigPaths from "vite-tsconfig-paths";
import remixConfig from "./remix.config.js";

declare module "@remix-run/node" {
  interface Future {
    v3_singleFetch: true;
  }
}

/**
 * What nearly every page shows, as one file for the browser: a dozen small ones compress worse and are a dozen requests.
 * Nothing belongs here that a guest's feed or post can do without; scripts/check-client-bundle.ts weighs those pages.
 */
const SHARED = /\/app\/(?:components\/(?:ui\/(?:Avatar|Flash|GatedForm|Icon|PlainLink|Time)|layout\/(?:Shell|page-context)|gate\/GateProvider|posts\/(?:FeedPicture|FollowButton|LikeButton|PostRow|SaveButton|TopicsAside|Why))|i18n\/(?:flatten|locales|react|t)|format\/(?:clock|dates|initial|numbers)|seo\/(?:meta|site|syndication))\.tsx?$/;

function chunkOf(id: string): string | undefined {
  if (SHARED.test(id)) return "shared";
  return /\/node_modules\/(?:react|react-dom|scheduler|react-router|react-router-dom|turbo-stream|@remix-run\/(?:react|router))\//.test(id) ? "framework" : undefined;
}

export default defineConfig(({ isSsrBuild }) => ({
  plugins: [remix(remixConfig), tsconfigPaths()],
  build: { target: "es2022", ...(isSsrBuild ? {} : { rollupOptions: { output: { manualChunks: chunkOf } } }) },
  server: { port: 3000, host: "127.0.0.1" },
}));
