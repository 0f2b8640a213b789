import { EVENTS_MAX, listPageEvents } from "@models/page-event.server";
import { logger } from "../logger.server";

/**
 * Brings what other processes, and this one, have written to the page cache. A write is seen within one poll (half a
 * second), which leaves room in the promised two seconds for a slow database and for making the page.
 */
export interface EventSink {
  invalidate: (tags: Iterable<string>) => number;
  clear: () => void;
}

export const POLL_MS = 500;
/** How far back each poll looks: longer than a transaction takes to commit, plus the difference of two clocks. */
const LOOK_BACK_MS = 15_000;

export interface PagePoll {
  /** One round; the timer calls it, and so do tests. */
  poll: (now: Date) => Promise<number>;
  stop: () => void;
}

export function followPageEvents(sink: EventSink, onInvalidated: (pages: number) => void = () => undefined, eventsMax = EVENTS_MAX): PagePoll {
  let seen = new Set<string>();
  let failing = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function poll(now: Date): Promise<number> {
    const events = await listPageEvents({ since: new Date(now.getTime() - LOOK_BACK_MS), now, limit: eventsMax });
    const fresh = events.filter(({ _id }) => !seen.has(_id));
    // What has left the look-back will not come again, so only the last answer has to be remembered.
    seen = new Set(events.map(({ _id }) => _id));
    if (events.length >= eventsMax) {
      // Some events may not have been among those returned.
      sink.clear();
      return fresh.length;
    }
    const dropped = sink.invalidate(new Set(fresh.flatMap(({ tags }) => tags)));
    if (dropped > 0) onInvalidated(dropped);
    return fresh.length;
  }

  async function round(): Promise<void> {
    try {
      await poll(new Date());
      if (failing) {
        // Events may have come and gone while the database could not be asked.
        sink.clear();
        logger.info({ event: "pageEvents.recovered" });
      }
      failing = false;
    } catch (error) {
      if (!failing && !stopped) logger.warn({ event: "pageEvents.failed", err: error });
      failing = true;
    }
    if (!stopped) timer = setTimeout(() => void round(), POLL_MS);
  }

  timer = setTimeout(() => void round(), POLL_MS);
  return {
    poll,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
