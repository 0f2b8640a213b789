export interface DiffPartData {
  kind: "same" | "added" | "removed";
  text: string;
}

const FOLD_ABOVE = 240;
const KEEP_AROUND = 90;

/** Added and removed words, marked by element and sign, not by colour alone; long unchanged stretches are folded. */
export function DiffText({ parts }: { parts: DiffPartData[] }) {
  return parts.map((part, index) => {
    if (part.kind === "added") return <ins key={index}>{part.text}</ins>;
    if (part.kind === "removed") return <del key={index}>{part.text}</del>;
    return <span key={index}>{fold(part.text, index === 0, index === parts.length - 1)}</span>;
  });
}

function fold(text: string, isFirst: boolean, isLast: boolean): string {
  if (text.length <= FOLD_ABOVE || (isFirst && isLast)) return text;
  const head = isFirst ? "" : text.slice(0, KEEP_AROUND);
  const tail = isLast ? "" : text.slice(-KEEP_AROUND);
  return `${head} … ${tail}`;
}
