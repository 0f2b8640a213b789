import type { SeedClip } from "./clip-content";
import { randomFrom } from "./draw";

/**
 * The bed of tones under a clip: one soft chord a scene, so that a change of picture can be heard. Quiet (about −30 LUFS),
 * made of a few sines, the same every time for the same clip. Nothing in it is recorded or sampled.
 */
export const SAMPLE_RATE = 48_000;
/** Thirds and fifths over C, A, F and G, in semitones from A3 (220 Hz): any order of them sounds settled. */
const CHORDS = [
  [-9, 3, 7, 10],
  [-12, 3, 7, 12],
  [-16, 3, 8, 12],
  [-14, 2, 5, 10],
] as const;
const ROOT_HZ = 220;
const PEAK = 0.03;
const ATTACK_SEC = 0.9;
const RELEASE_SEC = 1.4;
const END_FADE_SEC = 0.8;
/** Of the octave above each tone. */
const OVERTONE = 0.18;

/** 16-bit mono samples, little endian, as long as the clip. */
export function toneBed(clip: Pick<SeedClip, "slug" | "scenes" | "durationSec">): Buffer {
  const length = Math.round(clip.durationSec * SAMPLE_RATE);
  const mix = new Float64Array(length);
  const random = randomFrom(`tones:${clip.slug}`);
  const offset = Math.floor(random() * CHORDS.length);
  for (const [index, { startSec, endSec }] of clip.scenes.entries()) {
    const chord = CHORDS[(offset + index) % CHORDS.length] ?? CHORDS[0];
    for (const [voice, semitones] of chord.entries()) {
      const hz = ROOT_HZ * 2 ** (semitones / 12);
      const level = PEAK * (voice === 0 ? 1 : 0.8);
      addTone(mix, { hz, level, startSec, endSec });
      addTone(mix, { hz: hz * 2, level: level * OVERTONE, startSec, endSec });
    }
  }
  return toSamples(mix);
}

interface Tone {
  hz: number;
  level: number;
  startSec: number;
  endSec: number;
}

/** A sine by recurrence (no call of sin a sample), swelling in and ebbing out over the next scene's start. */
function addTone(mix: Float64Array, { hz, level, startSec, endSec }: Tone): void {
  const from = Math.round(startSec * SAMPLE_RATE);
  const length = Math.min(mix.length - from, Math.round((endSec - startSec + RELEASE_SEC) * SAMPLE_RATE));
  const step = (2 * Math.PI * hz) / SAMPLE_RATE;
  const turn = 2 * Math.cos(step);
  const attack = ATTACK_SEC * SAMPLE_RATE;
  const release = RELEASE_SEC * SAMPLE_RATE;
  let before = -Math.sin(step);
  let now = 0;
  for (let index = 0; index < length; index += 1) {
    const gain = Math.min(1, index / attack, (length - index) / release);
    mix[from + index] = (mix[from + index] ?? 0) + level * gain * now;
    [before, now] = [now, turn * now - before];
  }
}

function toSamples(mix: Float64Array): Buffer {
  const samples = Buffer.alloc(mix.length * 2);
  const fade = END_FADE_SEC * SAMPLE_RATE;
  for (let index = 0; index < mix.length; index += 1) {
    const gain = Math.min(1, (mix.length - index) / fade);
    samples.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round((mix[index] ?? 0) * gain * 32_767))), index * 2);
  }
  return samples;
}
