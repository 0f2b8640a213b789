import { exists, outputFile, writeWhole } from "./files";
import { picture, sampleFrames, takeFrames, type RawFrame, type SampledFrame } from "./frames";
import type { OutputFile, StageContext, VideoFacts, Used } from "./types";

/** The still image that stands for a clip: JPEG for everything, WebP for browsers, in two widths and never enlarged. */
const WIDTHS = [360, 720];
/** A second width that is hardly larger than the first helps no screen. */
const WORTH_IT = 1.15;
const JPEG_QUALITY = 80;
const WEBP_QUALITY = 78;

/**
 * Writes poster-360 and poster-720 in both formats (a smaller clip gets its own width instead), and hands back four
 * pictures for comparison with removed ones. The files are kept when they exist; the pictures are taken each time.
 */
export async function makePosterFiles(source: string, facts: VideoFacts, ctx: StageContext): Promise<{ outputs: OutputFile[]; frames: SampledFrame[] } & Used> {
  const { frames, ...used } = await takeFrames(source, facts, ctx);
  // Until there is a frame there is no poster: takeFrames throws instead of returning none.
  const best = frames[0] as RawFrame;
  const outputs: OutputFile[] = [];
  for (const width of posterWidths(best.width)) {
    const height = Math.round((best.height * width) / best.width);
    for (const extension of ["jpg", "webp"] as const) {
      const name = `poster-${width}.${extension}`;
      if (!(await exists(ctx.outDir, name))) await writeWhole(ctx.outDir, name, await encode(best, width, height, extension));
      outputs.push(await outputFile(ctx.outDir, name, "poster", { width, height }));
    }
  }
  return { outputs, frames: await sampleFrames(frames), ...used };
}

function posterWidths(own: number): number[] {
  const [small = 360, large = 720] = WIDTHS;
  if (own < small * WORTH_IT) return [Math.min(small, own)];
  return [small, Math.min(large, own)];
}

function encode(frame: RawFrame, width: number, height: number, extension: "jpg" | "webp"): Promise<Buffer> {
  const resized = picture(frame).resize(width, height, { fit: "fill" });
  return (extension === "jpg" ? resized.jpeg({ quality: JPEG_QUALITY, mozjpeg: true }) : resized.webp({ quality: WEBP_QUALITY, effort: 4 })).toBuffer();
}
