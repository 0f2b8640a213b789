import { beforeEach, expect, test, vi } from "vitest";
import { setUpMedia } from "../../scripts/setup-media";

const here = new Set<string>();
const install = vi.fn();
vi.mock("node:fs", async (original) => ({ ...(await original<object>()), existsSync: (path: string) => here.has(path) }));
vi.mock("../../scripts/apt", () => ({ canInstall: () => mayInstall, install: (...args: unknown[]) => install(...args) }));
vi.mock("@media/ffmpeg", () => ({ describeTools: async () => ({ ffmpeg: { path: "/x/ffmpeg" }, version: "4", notices: ["/x/ffmpeg is of 2018."] }) }));
vi.mock("@media/sandbox", () => ({ describeSandbox: () => ({ kind: "limits", detail: "limits alone" }) }));

let mayInstall = true;
const ALL = ["/usr/bin/ffmpeg", "/usr/bin/bwrap", "/usr/bin/heif-convert"];
beforeEach(() => {
  mayInstall = true;
  here.clear();
  install.mockReset();
});

test("given everything there, then nothing is installed and it is said what is in force", async () => {
  for (const path of ALL) here.add(path);
  expect(await setUpMedia()).toEqual(["ffmpeg 4 at /x/ffmpeg", "sandbox: limits alone", "/x/ffmpeg is of 2018."]);
  expect(install).not.toHaveBeenCalled();
});

test("given something missing and the right to install, then that alone is installed", async () => {
  here.add("/usr/bin/ffmpeg");
  install.mockImplementation(() => ALL.forEach((path) => here.add(path)));
  const lines = await setUpMedia();
  expect(install).toHaveBeenCalledWith(["bubblewrap", "libheif-examples"], "the media pipeline");
  expect(lines.join("\n")).not.toContain("Missing");
});

test("given no right to install, then each missing package is named with what happens without it", async () => {
  mayInstall = false;
  const lines = await setUpMedia();
  expect(install).not.toHaveBeenCalled();
  expect(lines.filter((line) => line.startsWith("Missing: "))).toHaveLength(3);
  expect(lines.join("\n")).toContain("apt-get install bubblewrap");
});
