import { firstGrapheme } from "~/format/initial";

/** A letter stands for a face; the name is always beside it, so the letter is silent to a screen reader. */
export function Avatar({ name, size }: { name: string; size?: "s" | "l" | "xl" }) {
  return (
    <span className={size ? `avatar ${size}` : "avatar"} aria-hidden="true">
      {firstGrapheme(name)}
    </span>
  );
}
