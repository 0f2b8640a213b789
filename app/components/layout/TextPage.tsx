import { Frame } from "./Shell";

/** A text of the house: the words carry their own headings. */
export function TextPage({ html }: { html: string }) {
  return (
    <Frame>
      <div className="read text-page" dangerouslySetInnerHTML={{ __html: html }} />
    </Frame>
  );
}
