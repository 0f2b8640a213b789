/** Line icons of the stage, on the same 24 px grid as ui/Icon; here so that pages without a stage do not carry them. */
const PATHS = {
  muted: "M4 10v4h4l5 4V6L8 10zM17 9.5l4 5M21 9.5l-4 5",
  sound: "M4 10v4h4l5 4V6L8 10zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
} as const;

export function ClipIcon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
