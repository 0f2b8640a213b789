import type { SeedClip } from "./clip-content";
import { FRAME, GROUND, rasterise, STAGE, type Drawing, type Sprite } from "./clip-drawing";
import { layOut } from "./clip-layout";
import { MOTION, type Part } from "./clip-parts";

/**
 * From parts to pictures. Letters and shapes are rendered once each; a moving picture is pasted together from them, and
 * a picture that stands still is handed out once. A clip of 35 s has some 870 frames, of which about 250 differ.
 */

/** Only this band is ever drawn on; the rest of the frame is ground. */
export const BAND = { y: 192, height: 592 } as const;

export interface Reel {
  /** Numbers of the frames at which the picture changes, and at the end the number that follows the last frame. */
  frames: number[];
  /** The picture of each of them: RGB of the band, row by row. Made one at a time, on demand. */
  pictures: () => Generator<Buffer>;
}

interface Actor {
  part: Part;
  sprites: Sprite[];
  enterFrame: number;
  settledFrame: number;
}

interface Act {
  startFrame: number;
  endFrame: number;
  actors: Actor[];
  isLast: boolean;
}

/** Renders the clip's letters and shapes, and says which pictures there will be. */
export async function makeReel(clip: SeedClip): Promise<Reel> {
  const acts = await castActs(clip);
  const frames = acts.flatMap(scheduleOf);
  return {
    frames: [...frames, frameCount(clip)],
    *pictures() {
      let shown: Buffer | undefined;
      for (const act of acts) for (const picture of playAct(act)) yield (shown = picture);
      if (shown) yield shown;
    },
  };
}

export function frameCount({ durationSec }: SeedClip): number {
  return Math.round(durationSec * FRAME.fps);
}

async function castActs(clip: SeedClip): Promise<Act[]> {
  const scenes = clip.scenes.map((timed, index) => ({ timed, parts: layOut(timed, { lang: clip.lang, isFirst: index === 0 }) }));
  const drawings: Drawing[] = scenes.flatMap(({ parts }) => parts.flatMap(({ box, markup, frames }) => (frames ?? [markup]).map((one) => ({ box, markup: one }))));
  const sprites = await rasterise(drawings);
  let next = 0;
  return scenes.map(({ timed, parts }, index) => {
    const startFrame = Math.round(timed.startSec * FRAME.fps);
    const actors = parts.map((part) => {
      const enterFrame = startFrame + Math.round(part.enterSec * FRAME.fps);
      const own = sprites.slice(next, (next += part.frames?.length ?? 1));
      return { part, sprites: own, enterFrame, settledFrame: part.enter === "there" ? enterFrame : enterFrame + Math.round(part.enterFor * FRAME.fps) };
    });
    return { startFrame, endFrame: Math.round(timed.endSec * FRAME.fps), actors, isLast: index === scenes.length - 1 };
  });
}

const LEAVE_FRAMES = Math.round(MOTION.leaveSec * FRAME.fps);

/** Frames of a scene whose picture differs from the one before, the leaving ones at the end included. */
function scheduleOf({ startFrame, endFrame, actors, isLast }: Act): number[] {
  const leaveFrom = isLast ? endFrame : endFrame - LEAVE_FRAMES;
  const frames: number[] = [];
  for (let frame = startFrame; frame < leaveFrom; frame += 1) {
    if (frame === startFrame || actors.some((actor) => moves(actor, frame, startFrame))) frames.push(frame);
  }
  for (let frame = leaveFrom; frame < endFrame; frame += 1) frames.push(frame);
  return frames;
}

function* playAct(act: Act): Generator<Buffer> {
  const { startFrame, endFrame, actors, isLast } = act;
  const leaveFrom = isLast ? endFrame : endFrame - LEAVE_FRAMES;
  const settled = ground();
  const waiting = new Set(actors);
  for (const frame of scheduleOf(act)) {
    if (frame >= leaveFrom) {
      yield faded(settled, (endFrame - 1 - frame) / LEAVE_FRAMES);
      continue;
    }
    // What came to rest since is pasted once and for all.
    for (const actor of waiting) {
      if (frame < actor.settledFrame) continue;
      paste(settled, actor.sprites.at(-1), { opacity: 1 });
      waiting.delete(actor);
    }
    const pixels = Buffer.from(settled);
    for (const actor of waiting) if (frame >= actor.enterFrame || actor.part.enter === "flip") perform(pixels, actor, frame, startFrame);
    yield pixels;
  }
}

/** A flip fades in with its scene and moves later; everything else moves from its entry on. */
function moves({ part, enterFrame, settledFrame }: Actor, frame: number, startFrame: number): boolean {
  return (frame >= enterFrame && frame <= settledFrame) || (part.enter === "flip" && frame - startFrame < Math.round(MOTION.fadeSec * FRAME.fps));
}

const RISE_PX = 14;

function perform(pixels: Buffer, { part, sprites, enterFrame, settledFrame }: Actor, frame: number, startFrame: number): void {
  const share = (frame - enterFrame + 1) / (settledFrame - enterFrame + 1);
  const eased = 1 - (1 - share) ** 3;
  const { width, height } = part.box;
  const [sprite] = sprites;
  switch (part.enter) {
    case "fade":
      return paste(pixels, sprite, { opacity: eased, down: Math.round((1 - eased) * RISE_PX) });
    case "up":
      return paste(pixels, sprite, { opacity: 1, down: Math.round((1 - eased) * height), isCut: true });
    case "right":
      return paste(pixels, sprite, { opacity: 1, across: -Math.round((1 - eased) * width), isCut: true });
    case "wipe":
      // Even speed: a pen does not brake at the end of its line.
      return paste(pixels, sprite, { opacity: 1, uncovered: Math.round(share * width) });
    case "flip": {
      const index = Math.min(sprites.length - 1, Math.max(0, frame - enterFrame));
      return paste(pixels, sprites[index], { opacity: Math.min(1, (frame - startFrame + 1) / (MOTION.fadeSec * FRAME.fps)) });
    }
    case "there":
      return paste(pixels, sprite, { opacity: 1 });
  }
}

interface Pasting {
  opacity: number;
  /** Moved by so many pixels. */
  down?: number;
  across?: number;
  /** Only what lies inside the sprite's own box is shown, however it is moved. */
  isCut?: boolean;
  /** Only so many columns from the left. */
  uncovered?: number;
}

function paste(pixels: Buffer, sprite: Sprite | undefined, { opacity, down = 0, across = 0, isCut = false, uncovered = Infinity }: Pasting): void {
  if (!sprite) return;
  const rowFrom = Math.max(0, BAND.y - sprite.y - down);
  const rowTo = Math.min(sprite.height - (isCut ? down : 0), BAND.y + BAND.height - sprite.y - down);
  const columnFrom = Math.max(isCut ? -across : 0, -sprite.x - across);
  const columnTo = Math.min(sprite.width, uncovered, FRAME.width - sprite.x - across);
  for (let row = rowFrom; row < rowTo; row += 1) {
    let from = (row * sprite.width + columnFrom) * 4;
    let to = ((sprite.y + down + row - BAND.y) * FRAME.width + sprite.x + across + columnFrom) * 3;
    for (let column = columnFrom; column < columnTo; column += 1, from += 4, to += 3) {
      const alpha = sprite.pixels[from + 3] ?? 0;
      if (alpha === 0) continue;
      const share = (alpha * opacity) / 255;
      // Half a step is added because a Buffer cuts fractions off.
      for (let channel = 0; channel < 3; channel += 1) {
        const under = pixels[to + channel] ?? 0;
        pixels[to + channel] = under + ((sprite.pixels[from + channel] ?? 0) - under) * share + 0.5;
      }
    }
  }
}

function channelsOf(color: string): [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const GROUND_CHANNELS = channelsOf(GROUND);

function ground(): Buffer {
  return Buffer.alloc(FRAME.width * BAND.height * 3, Buffer.from(GROUND_CHANNELS));
}

/** The picture on its way back to the ground. */
function faded(picture: Buffer, opacity: number): Buffer {
  const pixels = ground();
  const tables = GROUND_CHANNELS.map((under) => Uint8Array.from({ length: 256 }, (_, value) => Math.round(under + (value - under) * opacity)));
  const rows = { from: STAGE.top - BAND.y - 8, to: BAND.height };
  for (let index = rows.from * FRAME.width * 3; index < rows.to * FRAME.width * 3; index += 3) {
    for (let channel = 0; channel < 3; channel += 1) pixels[index + channel] = tables[channel]?.[picture[index + channel] ?? 0] ?? 0;
  }
  return pixels;
}
