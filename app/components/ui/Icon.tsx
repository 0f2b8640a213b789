/** Line icons on a 24 px grid. Decorative only: the control around one carries its name. */
const PATHS = {
  home: "M3 10.5 12 3l9 7.5V20a1 1 0 0 1-1 1h-5v-6H9v6H4a1 1 0 0 1-1-1z",
  topics: "M9 4 7 20M17 4l-2 16M4 9h16M3.5 15h16",
  plus: "M12 5v14M5 12h14",
  save: "M6 3h12v18l-6-4.5L6 21z",
  person: "M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM4 21c1-4 4-6 8-6s7 2 8 6",
  search: "M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0zM20 20l-4-4",
  like: "M7 11v9H4v-9zM7 11l4-8a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.8 20H7",
  comment: "M21 12a8 8 0 0 1-8 8H4l2-3.5A8 8 0 1 1 21 12z",
  share: "M12 15V3m0 0L8 7m4-4 4 4M5 12v7a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-7",
  flag: "M5 21V4h12l-2 4 2 4H5",
  back: "m15 5-7 7 7 7",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  check: "m5 12 5 5 9-10",
  picture: "M5 4h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM10.5 10a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0zM4 18l5-4 4 3 3-3 4 4",
  clip: "M6 4h12a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM10 9l5 3-5 3z",
  play: "M8 5l11 7-11 7z",
  close: "M6 6l12 12M18 6 6 18",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
