/**
 * Runs in the page before anything else: notes for each film when it was given a source and when its first picture was
 * on the screen, in milliseconds since the navigation began; and for a move to another clip, when the key was pressed
 * and when that clip's next picture came. A plain script, because what a compiler adds to functions is not in the page.
 */
/** @type {{ source: string; askedAtMs: number; shownAtMs: number }[]} */
const films = [];
/** @type {{ pressedAtMs: number; shownAtMs: number }[]} */
const moves = [];
Object.assign(window, { films, moves });

document.addEventListener(
  "loadstart",
  ({ target: video }) => {
    if (!(video instanceof HTMLVideoElement)) return;
    const film = { source: video.currentSrc || video.src, askedAtMs: performance.now(), shownAtMs: 0 };
    films.push(film);
    // Media events do not bubble, so all this listens on the way down.
    video.requestVideoFrameCallback(() => (film.shownAtMs = performance.now()));
  },
  true,
);

document.addEventListener(
  "keydown",
  ({ key }) => {
    if (key !== "ArrowDown") return;
    const move = { pressedAtMs: performance.now(), shownAtMs: 0 };
    const before = document.querySelector("[data-on-stage]");
    moves.push(move);
    const look = () => {
      const stage = document.querySelector("[data-on-stage]");
      const video = stage === before ? null : stage?.querySelector("video");
      if (!video) return requestAnimationFrame(look);
      return video.requestVideoFrameCallback(() => (move.shownAtMs = performance.now()));
    };
    look();
  },
  true,
);
