import { useSyncExternalStore } from "react";
import { tickMs } from "../format.ts";

let now = Date.now();
const listeners = new Set<() => void>();
let timer: number | undefined;

/** One clock for every "3 min ago" on the page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Also when the first one asks: the last one may have gone long ago. */
function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    timer = window.setInterval(tick, tickMs);
    tick();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}
