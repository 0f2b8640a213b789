import { describeTools, findTools, type MediaTools, type ToolSettings } from "@media/ffmpeg";
import { describeSandbox, type SandboxDescription } from "@media/sandbox";
import type { Storage } from "@media/storage";
import type { Env } from "../env.server";
import type { Check, MediaHealth } from "./health";

/**
 * What /readyz says about photos and clips: whether the store can be written, which ffmpeg was found and what holds it
 * in. The programs are asked once and remembered; only as long as there is none it is looked for again, because it may
 * be installed while the server runs.
 */
export interface MediaHealthOptions extends Pick<Env, "FFMPEG_PATH" | "FFMPEG_BIN" | "FFPROBE_PATH"> {
  storage: Pick<Storage, "check">;
  find?: typeof findTools;
  tools?: typeof describeTools;
  sandbox?: typeof describeSandbox;
}

const STORE_KEPT_MS = 5_000;

export function createMediaHealth({ FFMPEG_PATH, FFMPEG_BIN, FFPROBE_PATH, storage, find = findTools, tools = describeTools, sandbox = describeSandbox }: MediaHealthOptions): MediaHealth {
  const settings: ToolSettings = { ffmpegPath: FFMPEG_PATH, ffmpegBin: FFMPEG_BIN, ffprobePath: FFPROBE_PATH };
  let found: Promise<MediaTools> | undefined;
  let store: { atMs: number; usable: Promise<boolean> } | undefined;

  async function findEncoder(): Promise<MediaTools> {
    const known = await (found ??= tools(settings));
    if (known.ffmpeg && known.ffprobe) return known;
    const { ffmpeg, ffprobe } = find(settings);
    if (ffmpeg && ffprobe) found = tools({ ffmpegPath: ffmpeg.path, ffprobePath: ffprobe.path });
    return found;
  }

  function checkStore(): Promise<boolean> {
    const atMs = performance.now();
    if (!store || atMs - store.atMs > STORE_KEPT_MS) store = { atMs, usable: storage.check().catch(() => false) };
    return store.usable;
  }

  return {
    check: async () => [
      { name: "media", required: false, state: (await checkStore()) ? "ok" : "failed" },
      await findEncoder().then(encoderCheck, brokenCheck("encoder")),
      await Promise.resolve().then(sandbox).then(sandboxCheck, brokenCheck("sandbox")),
    ],
  };
}

function encoderCheck({ ffmpeg, ffprobe, version, can, notices }: MediaTools): Check {
  const usable = ffmpeg !== null && ffprobe !== null && can.libx264 && can.aac;
  const what = ffmpeg ? `ffmpeg ${version ?? "of unknown version"} (${ffmpeg.origin}, ${ffmpeg.path})` : "no ffmpeg";
  return { name: "encoder", required: false, state: usable ? "ok" : ffmpeg ? "failed" : "absent", detail: [what, ...notices].join(". ") };
}

const SANDBOX_STATE: Record<SandboxDescription["kind"], Check["state"]> = { bwrap: "ok", limits: "limited", none: "absent" };

function sandboxCheck({ kind, detail }: SandboxDescription): Check {
  return { name: "sandbox", required: false, state: SANDBOX_STATE[kind], detail };
}

function brokenCheck(name: Check["name"]): (error: unknown) => Check {
  return (error) => ({ name, required: false, state: "failed", detail: error instanceof Error ? error.message : String(error) });
}
