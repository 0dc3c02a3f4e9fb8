// Put into each page before anything else of it: what its browser saw, on the page's own clock.
globalThis.probe = (() => {
  const longTasks = [];
  let shifted = 0;
  const see = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  see("longtask", ({ startTime, duration }) => longTasks.push({ startTime, duration }));
  see("layout-shift", ({ value, hadRecentInput }) => {
    if (!hadRecentInput) shifted += value;
  });
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  /** When what is looked for is there, and a frame that shows it has been drawn. */
  async function drawn(isThere) {
    while (!isThere()) await frame();
    await frame();
    await frame();
    return performance.now();
  }

  /** How long it takes from doing something until what it leads to is drawn. */
  async function after(act, isThere) {
    const began = performance.now();
    act();
    return (await drawn(isThere)) - began;
  }

  /** Scrolls a little with every frame; how long each frame took. */
  async function scroll(element, { byPx, frames }) {
    const took = [];
    let last = await frame();
    for (let count = 0; count < frames; count++) {
      element.scrollBy(0, byPx);
      const now = await frame();
      took.push(now - last);
      last = now;
    }
    return took;
  }

  /** Milliseconds from the navigation until a second without a long task begins. */
  async function quiet() {
    const lastEnd = () => Math.max(0, ...longTasks.map(({ startTime, duration }) => startTime + duration));
    while (performance.now() - lastEnd() < 1_000) await new Promise((resolve) => setTimeout(resolve, 100));
    return lastEnd();
  }

  const firstPaint = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
  return { drawn, after, scroll, quiet, firstPaint, longTasks, shifted: () => shifted };
})();
