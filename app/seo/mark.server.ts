/** The tilted bean, as SVG: the mark of the logo, the icons and the share cards. Same outline as `.brand i` in app.css. */
const BEAN = "M0 11A8 11 0 0 1 16 11A8 9 0 0 1 0 11Z";

/** `height` in pixels of the upright bean, whose centre comes to (x, y). */
export function beanAt({ x, y, height, fill }: { x: number; y: number; height: number; fill: string }): string {
  return `<path d="${BEAN}" fill="${fill}" transform="translate(${x} ${y}) scale(${height / 20}) rotate(24) translate(-8 -10)"/>`;
}
