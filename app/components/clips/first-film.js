/**
 * What the browser must know before any other script is there. The server also writes this file into the head of a page
 * that begins with a film (app/http/film-first.server.ts), so nothing is imported here.
 */

/**
 * The smallest file that fills the stage, enlarged by a quarter at most, or the smallest of all on a slow line.
 * @param {readonly { url: string; height: number }[]} files Whole films, smallest first.
 * @param {number} stageHeight In CSS pixels.
 * @returns {string | undefined}
 */
export function chooseFile(files, stageHeight) {
  /** @type {{ effectiveType?: string; downlink?: number } | undefined} */
  const connection = Reflect.get(navigator, "connection");
  const slow = connection?.effectiveType !== undefined && (connection.effectiveType !== "4g" || (connection.downlink ?? 10) < 2);
  const wanted = slow ? 0 : stageHeight * Math.min(devicePixelRatio, 1.5) * 0.8;
  return (files.find(({ height }) => height >= wanted) ?? files.at(-1))?.url;
}

/**
 * Asked for less motion, or to save data: nothing then plays or loads before it is pressed.
 * @returns {boolean}
 */
export function wantsCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches || Reflect.get(navigator, "connection")?.saveData === true;
}

/**
 * Starts the film of the page as soon as the parser has come to it, and lets the held scripts go once its first picture
 * is on the screen; after `waitMs`, or when the reader touches the page, whatever the film does.
 * @param {number} waitMs
 */
export function startFirstFilm(waitMs) {
  let released = false;
  function release() {
    if (released) return;
    released = true;
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", letScriptsGo);
    else letScriptsGo();
  }
  function letScriptsGo() {
    for (const link of document.querySelectorAll("link[rel=held]")) link.setAttribute("rel", "modulepreload");
    for (const held of document.querySelectorAll("script[type=held]")) {
      const script = document.createElement("script");
      script.type = "module";
      script.nonce = /** @type {HTMLScriptElement} */ (held).nonce;
      script.textContent = held.textContent;
      held.replaceWith(script);
    }
  }
  /** @param {HTMLVideoElement} video */
  function start(video) {
    const url = chooseFile(JSON.parse(video.dataset.films ?? "[]"), innerHeight);
    if (!url) return release();
    video.addEventListener("error", release);
    if (Reflect.has(video, "requestVideoFrameCallback")) video.requestVideoFrameCallback(release);
    else video.addEventListener("playing", release);
    video.muted = true;
    video.src = url;
    video.play().catch(release);
  }
  for (const sign of ["pointerdown", "keydown", "wheel"]) addEventListener(sign, release, { once: true, passive: true });
  setTimeout(release, waitMs);
  if (wantsCalm() || document.hidden || /[?&]t=/.test(location.search)) return release();
  const look = new MutationObserver(() => {
    const video = /** @type {HTMLVideoElement | null} */ (document.querySelector("video[data-films]"));
    if (!video) return;
    look.disconnect();
    start(video);
  });
  look.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    look.disconnect();
    if (!document.querySelector("video[data-films]")) release();
  });
}
