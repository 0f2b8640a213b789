import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Carrier, TransferChange } from "~/components/media/transfers";

/** The list of what a tab sends, with a carrier whose progress the test decides. */
interface Sent {
  name: string;
  assetId: string | null;
  report: (changed: TransferChange) => void;
  carrier: { [Act in keyof Carrier]: ReturnType<typeof vi.fn> };
}
const sent: Sent[] = [];

vi.mock("~/components/media/tus", () => ({
  carry: ({ file, assetId }: { file: File; assetId: string | null }, report: Sent["report"]) => {
    const carrier = { pause: vi.fn(), resume: vi.fn(), cancel: vi.fn(() => Promise.resolve()) };
    sent.push({ name: file.name, assetId, report, carrier });
    return Promise.resolve(carrier);
  },
}));

const listeners = new Map<string, unknown>();
vi.stubGlobal("window", { addEventListener: (name: string, act: unknown) => listeners.set(name, act), removeEventListener: (name: string) => listeners.delete(name) });

const { addTransfer, cancelTransfer, listTransfers, onTransfers, pauseTransfer, resumeTransfer } = await import("~/components/media/transfers");
const fileOf = (name: string) => new File(["bytes"], name, { lastModified: 1 });
const add = (name: string, assetId?: string) => addTransfer({ file: fileOf(name), kind: "image", place: "p", assetId: assetId ?? null });
const phases = () => listTransfers().map(({ phase }) => phase);
const begun = (count: number) => vi.waitFor(() => expect(sent).toHaveLength(count), { timeout: 10_000 });

beforeEach(() => {
  for (const { id } of listTransfers()) cancelTransfer(id);
  sent.length = 0;
});

describe("files on their way", () => {
  test("two are sent at once, the third waits its turn in sight", async () => {
    for (const name of ["a", "b", "c"]) add(name);
    await begun(2);
    expect(phases()).toEqual(["sending", "sending", "queued"]);
    sent[0]?.report({ phase: "sent", assetId: "1".repeat(32) });
    await begun(3);
    expect(phases()).toEqual(["sent", "sending", "sending"]);
  });

  test("a pause makes room and stands whatever is still reported; going on takes the same carrier", async () => {
    const first = add("a");
    add("b");
    add("c");
    await begun(2);
    pauseTransfer(first);
    await begun(3);
    sent[0]?.report({ phase: "retrying" });
    expect(phases()).toEqual(["paused", "sending", "sending"]);
    sent[1]?.report({ phase: "sent" });
    resumeTransfer(first);
    expect(phases()[0]).toBe("sending");
    expect(sent[0]?.carrier.resume).toHaveBeenCalledTimes(1);
    expect(sent).toHaveLength(3);
  });

  test("choosing a file that is on its way changes nothing; one that was refused may be chosen again", async () => {
    const id = add("a");
    expect(add("a")).toBe(id);
    await begun(1);
    sent[0]?.report({ phase: "refused", problem: "太大" });
    expect(add("a")).not.toBe(id);
  });

  test("a cancelled one is forgotten on both sides, a complete one only here", async () => {
    const [going, done] = [add("a"), add("b")];
    await begun(2);
    sent[1]?.report({ phase: "sent" });
    cancelTransfer(going);
    cancelTransfer(done);
    expect(listTransfers()).toEqual([]);
    expect(sent[0]?.carrier.cancel).toHaveBeenCalledTimes(1);
    expect(sent[1]?.carrier.cancel).not.toHaveBeenCalled();
  });

  test("an upload of an earlier visit goes on under its own id", async () => {
    add("a", "f".repeat(32));
    await begun(1);
    expect(sent[0]?.assetId).toBe("f".repeat(32));
  });

  test("leaving is asked about exactly while something is on its way, and the network coming back goes on by itself", async () => {
    expect(listeners.has("beforeunload")).toBe(false);
    add("a");
    await begun(1);
    expect(listeners.has("beforeunload")).toBe(true);
    sent[0]?.report({ phase: "offline" });
    (listeners.get("online") as () => void)();
    expect(sent[0]?.carrier.resume).toHaveBeenCalledTimes(1);
    sent[0]?.report({ phase: "sent" });
    expect(listeners.has("beforeunload")).toBe(false);
  });

  test("everybody who looks is told", async () => {
    const told = vi.fn();
    const stop = onTransfers(told);
    add("a");
    await begun(1);
    const before = told.mock.calls.length;
    sent[0]?.report({ sentBytes: 3 });
    expect(told.mock.calls.length).toBe(before + 1);
    expect(listTransfers()[0]?.sentBytes).toBe(3);
    stop();
  });
});
