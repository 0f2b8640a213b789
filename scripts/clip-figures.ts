import { digitsOf, evaluateFigure, isRight, numberIn } from "./figures";
import { rowsOf, type SeedClip } from "./seed/clip-content";
import { valuesOf, wordsOf } from "./seed/clip-scenes";

/**
 * Recomputes what a clip says: every stated figure, every drawn value, and that no number stands anywhere in it
 * (title, description, captions, pictures, comments) without being one of them or a declared assumption.
 */
export function clipProblemsOf(clip: SeedClip): string[] {
  return [...figureProblems(clip), ...valueProblems(clip), ...strayNumbers(clip)];
}

export function figureCountOf({ figures, scenes }: SeedClip): number {
  return figures.length + scenes.reduce((sum, { scene }) => sum + valuesOf(scene).length, 0);
}

function textsOf({ title, description, scenes, comments }: SeedClip): string[] {
  return [title, description, ...rowsOf(comments).map(({ text }) => text), ...scenes.flatMap(({ scene, cues }) => [...cues.map(({ lines }) => lines.join(" ")), ...wordsOf(scene)])];
}

function figureProblems(clip: SeedClip): string[] {
  const all = textsOf(clip).join("\n");
  return clip.figures.flatMap(({ says, is, digits }) => {
    if (!all.includes(says)) return [`${clip.file}: "${says}" is not in the clip`];
    return isRight(numberIn(says), evaluateFigure(is), digits) ? [] : [`${clip.file}: says "${says}", but ${is} = ${evaluateFigure(is)}`];
  });
}

/** A drawn value is as exact as it is written. */
function valueProblems({ file, scenes }: SeedClip): string[] {
  return scenes.flatMap(({ scene }) =>
    valuesOf(scene)
      .filter(({ value, is }) => !isRight(value, evaluateFigure(is), digitsOf(value)))
      .map(({ value, is }) => `${file}: "${scene.headline}" draws ${value}, but ${is} = ${evaluateFigure(is)}`),
  );
}

/** Longest phrases are taken out first, so that "5%" does not eat into "0.5%"; a phrase never starts or ends inside a number. */
function strayNumbers(clip: SeedClip): string[] {
  const known = [...clip.figures.map(({ says }) => says), ...clip.given].sort((a, b) => b.length - a.length);
  return textsOf(clip).flatMap((text) => {
    const rest = known.reduce((left, phrase) => left.replace(new RegExp(`(?<![\\d.,]\\d|\\d[.,]|\\d)${escape(phrase)}(?!\\d|[.,]\\d)`, "g"), " "), text);
    return /\d/.test(rest) ? [`${clip.file}: a number in "${text}" is neither computed nor given: "${rest.trim()}"`] : [];
  });
}

function escape(phrase: string): string {
  return phrase.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
