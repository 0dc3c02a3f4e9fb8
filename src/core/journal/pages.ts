import { nextTurn } from "../base/index.ts";
import type { Journal, JournalEvent } from "./journal.ts";
import { pageEvents } from "./limits.ts";

/** All events after a position, a page at a time; others have their turns between pages. */
export async function* pagesOf(
  journal: Pick<Journal, "readAll">,
  afterPosition = 0,
): AsyncGenerator<readonly JournalEvent[]> {
  for (let position = afterPosition; ; ) {
    const page = await journal.readAll(position, pageEvents);
    const last = page.at(-1);
    if (!last) return;
    yield page;
    position = last.position;
    await nextTurn();
  }
}

/** All events of a journal that is small enough to be held in memory. A page of `readAll` may end early. */
export async function eventsOf(journal: Pick<Journal, "readAll">): Promise<readonly JournalEvent[]> {
  const events: JournalEvent[] = [];
  for await (const page of pagesOf(journal)) events.push(...page);
  return events;
}
