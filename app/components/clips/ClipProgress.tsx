import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { formatClock } from "~/format/clock";
import { useT } from "~/i18n/react";
import { readStoryboard, type StoryboardCell } from "./storyboard";

const STEP_SEC = 5;

/**
 * Where the clip stands: a slider for pointer and arrow keys. Its width is set from the film's clock without drawing the
 * page again; assistive technology hears it by the second.
 */
export function ClipProgress({ video, title, durationSec, storyboard }: { video: HTMLVideoElement | null; title: string; durationSec: number; storyboard: string | null }) {
  const t = useT();
  const bar = useRef<HTMLElement>(null);
  const preview = useRef<HTMLDivElement>(null);
  const cells = useRef<Promise<StoryboardCell[]> | null>(null);
  const [second, setSecond] = useState(0);
  const total = Math.max(1, Math.floor(durationSec));

  useEffect(() => {
    if (!video) return;
    let frame = 0;
    function draw() {
      if (!video) return;
      if (bar.current) bar.current.style.transform = `scaleX(${Math.min(1, video.currentTime / Math.max(durationSec, 0.1))})`;
      setSecond(Math.floor(video.currentTime));
      if (!video.paused) frame = requestAnimationFrame(draw);
    }
    const restart = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(draw);
    };
    for (const event of ["play", "pause", "seeked", "loadeddata"]) video.addEventListener(event, restart);
    restart();
    return () => {
      cancelAnimationFrame(frame);
      for (const event of ["play", "pause", "seeked", "loadeddata"]) video.removeEventListener(event, restart);
    };
  }, [video, durationSec]);

  function seekTo(seconds: number) {
    if (video) video.currentTime = Math.min(Math.max(0, seconds), Math.max(0, durationSec - 0.1));
  }
  function secondAt(event: PointerEvent<HTMLElement>): number {
    const box = event.currentTarget.getBoundingClientRect();
    return (Math.min(Math.max(0, event.clientX - box.left), box.width) / Math.max(box.width, 1)) * durationSec;
  }
  function onKeyDown(event: KeyboardEvent) {
    const at = video?.currentTime ?? 0;
    const to = { ArrowRight: at + STEP_SEC, ArrowLeft: at - STEP_SEC, Home: 0, End: durationSec }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    seekTo(to);
  }
  function onPointerMove(event: PointerEvent<HTMLElement>) {
    if (event.buttons === 1) seekTo(secondAt(event));
    if (event.pointerType === "mouse" && storyboard) {
      cells.current ??= readStoryboard(storyboard);
      const at = secondAt(event);
      const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
      void cells.current.then((known) => showCell(preview.current, known, at, x));
    }
  }

  return (
    <div
      className="clip-progress"
      role="slider"
      tabIndex={0}
      aria-label={t("clips.progress", { title })}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={Math.min(second, total)}
      aria-valuetext={t("clips.progressText", { at: formatClock(second), of: formatClock(durationSec) })}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(secondAt(event));
      }}
      onPointerMove={onPointerMove}
      onPointerLeave={() => preview.current?.setAttribute("hidden", "")}
    >
      <i ref={bar} />
      {storyboard ? <div ref={preview} className="clip-preview" hidden /> : null}
    </div>
  );
}

function showCell(box: HTMLDivElement | null, cells: StoryboardCell[], second: number, x: number): void {
  const cell = cells.find(({ startSec, endSec }) => second >= startSec && second < endSec) ?? cells.at(-1);
  if (!box || !cell) return;
  Object.assign(box.style, { width: `${cell.width}px`, height: `${cell.height}px`, backgroundImage: `url("${cell.url}")`, backgroundPosition: `-${cell.x}px -${cell.y}px`, left: `${x}px` });
  box.removeAttribute("hidden");
}
