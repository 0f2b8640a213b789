/** The first character as a person sees it, upper-cased: "南山" → "南", "mae" → "M". */
export function firstGrapheme(text: string): string {
  return ([...text.trim()][0] ?? "·").toUpperCase();
}
