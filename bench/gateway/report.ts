import type { Measured } from "./main.ts";
import type { Case, Figure } from "./measure.ts";

/** For the terminal: each target in a line, with what it adds to the upstream alone. */
export function plainLines({ what, figures }: Measured): readonly string[] {
  const direct = figures.get("direct");
  const lines = [...figures].map(([name, figure]) => {
    const added =
      direct && name !== "direct"
        ? `, added p50 ${ms(figure.p50Ms - direct.p50Ms)}, p99 ${ms(figure.p99Ms - direct.p99Ms)}`
        : "";
    const first = what.stream ? `, first p50 ${ms(figure.firstP50Ms)}, p99 ${ms(figure.firstP99Ms)}` : "";
    const cpu = figure.cpuMicroseconds === null ? "" : `, ${figure.cpuMicroseconds} µs CPU a request`;
    return `  ${name.padEnd(8)} ${count(figure.requestsPerSecond).padStart(7)}/s, p50 ${ms(figure.p50Ms)}, p99 ${ms(figure.p99Ms)}${added}${first}${cpu}`;
  });
  const ratio = ratioOf(figures);
  return [
    caseText(what),
    ...lines,
    ...(ratio === undefined ? [] : [`  Flyball does ${ratio} times what Portkey does`]),
  ];
}

export function caseText({ atOnce, stream, delayMs }: Case): string {
  return `${atOnce} at once, ${stream ? "streaming" : "whole answers"}, the upstream answers ${delayMs === 0 ? "at once" : `after ${delayMs} ms`}`;
}

function ratioOf(figures: ReadonlyMap<string, Figure>): string | undefined {
  const [ours, theirs] = [figures.get("Flyball"), figures.get("Portkey")];
  return ours && theirs ? (ours.requestsPerSecond / theirs.requestsPerSecond).toFixed(2) : undefined;
}

export function page(): string {
  return "";
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}
