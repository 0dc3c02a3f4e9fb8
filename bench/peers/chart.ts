import { cases } from "../workload.ts";
import { figureOf, nameOf, type Outcome, ratioToFlyball } from "./outcome.ts";
import { count, short } from "./report.ts";

// Drawn for a page that is light or dark, as whoever reads it has chosen.
const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .panel { font-weight: 600; }
  .quiet { fill: #59636e; }
  .paper { fill: #ffffff; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .paper { fill: #0d1117; }
    .bar { fill: #656c76; }
    .ours { fill: #4493f8; }
  }`;

const widthPx = 760;
const barLeftPx = 130;
const barWidthPxMax = 440;
const rowPx = 24;
const panelGapPx = 28;
const headPx = 56;

/** Bars of steps a second of a workflow of 10 steps: a panel for each number of runs at once, each from zero. */
export function chart(outcomes: readonly Outcome[]): string {
  const concurrencies = [...new Set(cases.map(({ concurrency }) => concurrency))];
  const panelPx = rowPx * (outcomes.length + 1) + panelGapPx;
  const heightPx = headPx + panelPx * concurrencies.length;
  const panels = concurrencies.map((concurrency, index) =>
    panel(outcomes, concurrency, headPx + index * panelPx),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${heightPx}" role="img" aria-labelledby="title">`,
    `<title id="title">Durable steps a second of a workflow of 10 steps, Flyball and its peers</title>`,
    `<style>${style}\n</style>`,
    `<rect class="paper" width="${widthPx}" height="${heightPx}"/>`,
    text({ x: 16, y: 30, is: "title" }, "Durable steps a second, workflow of 10 steps"),
    ...panels.flat(),
    "</svg>",
    "",
  ].join("\n");
}

function panel(outcomes: readonly Outcome[], concurrency: number, topPx: number): readonly string[] {
  const figures = outcomes.map((outcome) => figureOf(outcome, { steps: 10, concurrency }));
  const most = Math.max(1, ...figures.map((figure) => figure?.stepsPerSecond ?? 0));
  const rows = outcomes.flatMap((outcome, index) => {
    const y = topPx + rowPx * (index + 1);
    const name = text({ x: barLeftPx - 10, y, is: "name", anchor: "end" }, nameOf(outcome));
    const figure = figures[index];
    if (!figure) return [name, text({ x: barLeftPx, y, is: "quiet" }, "not measured")];
    const lengthPx = Math.max(1, (figure.stepsPerSecond / most) * barWidthPxMax).toFixed(1);
    const ratio = ratioToFlyball(figure, outcomes);
    const said = `${count(figure.stepsPerSecond)}${ratio === undefined ? "" : ` (${short(ratio)})`}`;
    return [
      name,
      `<rect class="${outcome.id === "flyball" ? "ours" : "bar"}" x="${barLeftPx}" y="${y - 12}" width="${lengthPx}" height="16" rx="2"/>`,
      text({ x: barLeftPx + Number(lengthPx) + 8, y, is: "quiet" }, said),
    ];
  });
  return [text({ x: 16, y: topPx, is: "panel" }, `${concurrency} at once`), ...rows];
}

function text(
  at: { readonly x: number; readonly y: number; readonly is: string; readonly anchor?: string },
  content: string,
): string {
  const anchor = at.anchor ? ` text-anchor="${at.anchor}"` : "";
  return `<text class="${at.is}" x="${at.x}" y="${at.y}"${anchor}>${escaped(content)}</text>`;
}

const escaped = (content: string) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
