const [width, height] = [96, 24];

/** How a figure went, day by day; days without one are left out. */
export function Trend({ values }: { values: readonly (number | null)[] }) {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]));
  if (known.length < 2) return <span aria-hidden className="inline-block h-6 w-24" />;
  const [low, high] = [
    Math.min(...known.map(({ value }) => value)),
    Math.max(...known.map(({ value }) => value)),
  ];
  const x = (index: number) => (index / Math.max(1, values.length - 1)) * (width - 4) + 2;
  const y = (value: number) => height - 3 - ((value - low) / (high - low || 1)) * (height - 6);
  const points = known.map(({ value, index }) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg aria-hidden viewBox={`0 0 ${width} ${height}`} className="h-6 w-24 text-busy">
      <polyline points={points.join(" ")} fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}
