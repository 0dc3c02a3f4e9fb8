import type { Case, Figure } from "./measure.ts";

export interface Measured {
  readonly what: Case;
  /** By the names of the targets. */
  readonly figures: ReadonlyMap<string, Figure>;
}

/** For the terminal: each target in a line, with what it adds to the upstream alone. */
export function plainLines({ what, figures }: Measured): readonly string[] {
  const lines = [...figures].map(([name, figure]) => {
    const { requestsPerSecond, p50Ms, p99Ms, firstP50Ms, firstP99Ms, cpuMicroseconds } = figure;
    const added = addedTo(figures.get("direct"), figure);
    const ratio = ratioOf(figures, name);
    return [
      `  ${name.padEnd(16)} ${count(requestsPerSecond).padStart(7)}/s`,
      `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}`,
      ...(name === "direct" || !added ? [] : [`added p50 ${ms(added.p50Ms)}, p99 ${ms(added.p99Ms)}`]),
      ...(what.stream ? [`first words p50 ${ms(firstP50Ms)}, p99 ${ms(firstP99Ms)}`] : []),
      ...(cpuMicroseconds === null ? [] : [`${cpuMicroseconds} µs of CPU a request`]),
      ...(ratio ? [`Flyball does ${ratio} times as many`] : []),
    ].join(", ");
  });
  return [caseText(what), ...lines];
}

interface Context {
  readonly on: string;
  readonly date: string;
  readonly versions: readonly string[];
  readonly seconds: number;
  readonly rounds: number;
  readonly load: string;
}

export function page(measured: readonly Measured[], context: Context): string {
  const { on, date, versions, seconds, rounds, load } = context;
  return `# The gateway beside Portkey

Written by \`npm run bench -- gateway\` on ${date}: ${on}; ${seconds} s for each figure, in ${rounds} rounds in which the targets took turns; load of the machine (1 minute) when it began and when it ended: ${load}. What is compared, and what the columns mean: [the guide](../guide/bench.md).

${versions.map((version) => `- ${version}`).join("\n")}

${[false, true].map((stream) => table(measured, stream)).join("\n")}`;
}

function table(measured: readonly Measured[], stream: boolean): string {
  const rows = measured.filter(({ what }) => what.stream === stream).flatMap(rowsOf);
  return `## ${stream ? "Streams" : "Whole answers"}

| upstream answers | at once | target | requests/s | p50 ms | p99 ms | added p50 | added p99 |${stream ? " first words p50 | p99 |" : ""} CPU µs | Flyball to it |
| --- | --- | --- | --- | --- | --- | --- | --- |${stream ? " --- | --- |" : ""} --- | --- |
${rows.join("\n")}
`;
}

function rowsOf({ what, figures }: Measured): readonly string[] {
  return [...figures].map(([name, figure]) => {
    const ratio = ratioOf(figures, name);
    const added = name === "direct" ? undefined : addedTo(figures.get("direct"), figure);
    const cells = [
      what.delayMs === 0 ? "immediately" : `after ${what.delayMs} ms`,
      String(what.atOnce),
      name,
      count(figure.requestsPerSecond),
      figure.p50Ms.toFixed(2),
      figure.p99Ms.toFixed(2),
      added?.p50Ms.toFixed(2) ?? "",
      added?.p99Ms.toFixed(2) ?? "",
      ...(what.stream ? [figure.firstP50Ms.toFixed(2), figure.firstP99Ms.toFixed(2)] : []),
      figure.cpuMicroseconds === null ? "" : String(figure.cpuMicroseconds),
      ratio ? `${ratio} times` : "",
    ];
    return `| ${cells.join(" | ")} |`;
  });
}

function addedTo(direct: Figure | undefined, { p50Ms, p99Ms }: Figure) {
  return direct && { p50Ms: p50Ms - direct.p50Ms, p99Ms: p99Ms - direct.p99Ms };
}

function caseText({ atOnce, stream, delayMs }: Case): string {
  const what = stream ? "streams" : "whole answers";
  return `${atOnce} at once, ${what}, the upstream answers ${delayMs === 0 ? "immediately" : `after ${delayMs} ms`}`;
}

/** How many requests Flyball does for one of another gateway. */
function ratioOf(figures: ReadonlyMap<string, Figure>, name: string): string | undefined {
  const [ours, theirs] = [figures.get("Flyball"), figures.get(name)];
  if (!ours || !theirs || name === "direct" || name === "Flyball") return undefined;
  return (ours.requestsPerSecond / theirs.requestsPerSecond).toFixed(2);
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}
