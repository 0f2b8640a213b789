import { Frame } from "./Shell";

/** A text of the house. */
export function TextPage({ title, html }: { title: string; html: string }) {
  return (
    <Frame>
      <header className="art-head">
        <h1>{title}</h1>
      </header>
      <div className="read" dangerouslySetInnerHTML={{ __html: html }} />
    </Frame>
  );
}
