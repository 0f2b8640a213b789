import source from "~/components/clips/first-film.js?raw";

/**
 * A page whose first thing is a film shows the film first. Its scripts are three times as many bytes as the film needs
 * for its first picture, and on a phone's line whoever shares it waits for all of them; so they are held back until
 * the picture is there, the reader touches the page, or `SCRIPTS_WAIT_MS` have passed.
 *
 * A small script at the head of the page (app/components/clips/first-film.js) starts the film and lets the others go.
 * It stands before the style sheets, because what stands behind them waits for them, and takes itself out of the
 * document: React finds the nodes that it rendered, only later. Figures: docs/decisions/0012-clips-feed.md.
 */
const SCRIPTS_WAIT_MS = 1_500;
/** Only the stage renders it (ClipItem.tsx), and only for a film that may start. In text the quotation mark would be escaped. */
const FILM = ' data-films="';

const FUNCTIONS = source
  .replace(/\/\*\*[\s\S]*?\*\//g, "")
  .replace(/^export /gm, "")
  .replace(/^\s+/gm, "");
const STARTER = `document.currentScript.remove();(()=>{${FUNCTIONS}startFirstFilm(${SCRIPTS_WAIT_MS})})()`;

export function showFilmFirst(html: string, nonce: string): string {
  if (!html.includes(FILM)) return html;
  return html
    .replaceAll('<link rel="modulepreload"', '<link rel="held"')
    .replaceAll(`<script nonce="${nonce}" type="module"`, `<script nonce="${nonce}" type="held"`)
    .replace("<head>", () => `<head><script nonce="${nonce}">${STARTER}</script>`);
}
