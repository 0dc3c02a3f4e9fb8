import { type RefObject, useEffect, useRef, useState } from "react";

/** Rows that are drawn above and below what is seen, so that fast scrolling meets no gap. */
const aroundRows = 20;
/** The range moves in steps: most frames of a scroll draw nothing new. */
const stepRows = 10;

export interface RowsInView<Element extends HTMLElement> {
  /** On the element that is as high as all rows together, whatever scrolls it. */
  readonly ref: RefObject<Element | null>;
  readonly from: number;
  readonly to: number;
  /** What stands in for the rows that are not drawn, in pixels. */
  readonly abovePx: number;
  readonly belowPx: number;
}

/** Of many rows of the same height, those that are seen: a list of thousands costs what its window does. */
export function useRowsInView<Element extends HTMLElement>(
  count: number,
  rowPx: number,
): RowsInView<Element> {
  const ref = useRef<Element>(null);
  const [first, setFirst] = useState(0);
  const [seen, setSeen] = useState(() => rowsOf(window.innerHeight, rowPx));
  useEffect(() => {
    const look = () => {
      const top = ref.current?.getBoundingClientRect().top ?? 0;
      setFirst(Math.max(0, Math.floor(-top / rowPx / stepRows) * stepRows));
      setSeen(rowsOf(window.innerHeight, rowPx));
    };
    look();
    // Scroll events do not bubble; this way those of any element around the rows are met.
    document.addEventListener("scroll", look, { capture: true, passive: true });
    window.addEventListener("resize", look);
    return () => {
      document.removeEventListener("scroll", look, { capture: true });
      window.removeEventListener("resize", look);
    };
  }, [rowPx]);
  const from = Math.max(0, Math.min(first, count - seen) - aroundRows);
  const to = Math.min(count, first + seen + stepRows + aroundRows);
  return { ref, from, to, abovePx: from * rowPx, belowPx: (count - to) * rowPx };
}

function rowsOf(heightPx: number, rowPx: number): number {
  return Math.ceil(heightPx / rowPx);
}
