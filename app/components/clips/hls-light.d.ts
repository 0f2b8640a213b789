/** The light build has the same interface as the whole one; the package declares types for the whole one alone. */
declare module "hls.js/light" {
  export { default } from "hls.js";
}
