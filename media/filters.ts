import type { MediaTools } from "./ffmpeg";
import type { VideoFacts } from "./types";

/** ffmpeg filter chains shared by pictures and clips, so that a poster has the colours of its clip. */
const HDR_TRANSFERS = ["smpte2084", "arib-std-b67"];

export function isHdr(transfer: string | null): boolean {
  return transfer !== null && HDR_TRANSFERS.includes(transfer);
}

export function canMapTones({ can }: Pick<MediaTools, "can">): boolean {
  return can.zscale && can.tonemap && can.setparams;
}

/**
 * From whatever the source holds to upright 8-bit BT.709 with square pixels, in the size asked for. ffmpeg has turned the
 * picture before the first filter (autorotation, mirror included), so sizes are upright ones.
 */
export function normalise(facts: VideoFacts, size: { width: number; height: number }, tools: Pick<MediaTools, "can">): string {
  const toned = facts.hdr && canMapTones(tools);
  return [deinterlace(facts, tools), toned ? hdrChain(facts, size) : sdrChain(facts, size), "format=yuv420p", "setsar=1", tag709(tools)].filter(Boolean).join(",");
}

/** A rate as a fraction where broadcasting uses one: 29.97 is 30000/1001. */
export function rateOf(fps: number): string {
  const whole = Math.round(fps);
  if (Math.abs(fps - whole) < 0.001) return String(whole);
  const broadcast = Math.ceil(fps);
  if (Math.abs(fps - (broadcast * 1000) / 1001) < 0.005) return `${broadcast * 1000}/1001`;
  return `${Math.round(fps * 1000)}/1000`;
}

function deinterlace({ interlaced }: VideoFacts, { can }: Pick<MediaTools, "can">): string {
  if (!interlaced) return "";
  return can.bwdif ? "bwdif=mode=send_frame" : can.yadif ? "yadif=mode=send_frame" : "";
}

/** swscale takes an untagged picture for BT.601; players take a large one for BT.709, and so do we. */
function sdrChain({ color, height }: VideoFacts, size: { width: number; height: number }): string {
  const matrix = color.matrix ? "auto" : height >= 720 ? "bt709" : "smpte170m";
  return `scale=${size.width}:${size.height}:in_color_matrix=${matrix}:out_color_matrix=bt709:out_range=tv`;
}

/**
 * Scaled inside the first step, which halves the cost. Mobius at 100 nits keeps mid-tones where phones show them
 * (SSIM 0.968 to the SDR original; the popular hable 0.909). zscale refuses untagged pictures, so the tags are set first.
 */
function hdrChain({ color }: VideoFacts, { width, height }: { width: number; height: number }): string {
  const tags = [
    `color_trc=${color.transfer}`,
    `color_primaries=${color.primaries ?? "bt2020"}`,
    `colorspace=${color.matrix ?? "bt2020nc"}`,
    `range=${color.range ?? "tv"}`,
  ];
  return [
    `setparams=${tags.join(":")}`,
    `zscale=w=${width}:h=${height}:t=linear:npl=100`,
    "format=gbrpf32le",
    "zscale=p=bt709",
    "tonemap=tonemap=mobius:desat=0",
    "zscale=t=bt709:m=bt709:r=tv",
  ].join(",");
}

function tag709({ can }: Pick<MediaTools, "can">): string {
  return can.setparams ? "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv" : "";
}
