import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Run, Step } from "flyball/client";
import { useMemo } from "react";
import { isFinal, runQuery, useLiveRun } from "../api/runs.ts";
import { stepQuery } from "../api/steps.ts";
import { Loading, PageTitle, Panel, Problem, Verbatim } from "../components/basics.tsx";
import { Changes } from "../components/changes.tsx";
import { type LongColumn, LongTable } from "../components/long-table.tsx";
import { StatusMark } from "../components/status.tsx";
import { Took } from "../components/took.tsx";
import { formatDuration, formatMoney, shortId, textOf } from "../format.ts";
import { compareRoute } from "../router.tsx";

/** Two runs side by side: how each went, step by step, and what they were given and answered otherwise. */
export function ComparePage() {
  const { a, b } = compareRoute.useParams();
  const [first, second] = [useQuery(runQuery(a)), useQuery(runQuery(b))];
  useLiveRun(a, first.data !== undefined && !isFinal(first.data.status));
  useLiveRun(b, second.data !== undefined && !isFinal(second.data.status));
  const error = first.error ?? second.error;
  if (error) return <Problem error={error} />;
  if (!first.data || !second.data) return <Loading lines={12} />;
  return <Compared a={first.data} b={second.data} />;
}

function Compared({ a, b }: { a: Run; b: Run }) {
  const { step: chosen } = compareRoute.useSearch();
  const pairs = useMemo(() => pairsOf(a, b), [a, b]);
  const pair = pairs.find(({ path }) => path === chosen) ?? pairs.find(isDifferent) ?? pairs[0];
  return (
    <>
      <PageTitle title="Two runs" note="Each step beside itself; what differs is marked" />
      <div className="mb-4 grid gap-4 sm:grid-cols-2">
        <Side name="A" run={a} />
        <Side name="B" run={b} />
      </div>
      <Panel title="Steps">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section aria-label="Steps" tabIndex={0} className="max-h-[34rem] overflow-auto">
          <LongTable columns={columns} rows={pairs} keyOf={({ path }) => path} />
        </section>
      </Panel>
      {pair?.a && pair.b ? <StepPair key={pair.path} path={pair.path} a={a} b={b} pair={pair} /> : null}
      <div className="mt-4 grid gap-4 lg:grid-cols-2">
        <Differing title="Input" before={a.input} after={b.input} />
        <Differing title="Output" before={a.output} after={b.output} />
      </div>
    </>
  );
}

function Side({ name, run }: { name: string; run: Run }) {
  return (
    <section aria-label={`Run ${name}`} className="min-w-0 rounded-lg border border-line bg-panel px-4 py-3">
      <p className="flex flex-wrap items-center gap-x-3">
        <span className="font-semibold">{name}</span>
        <Link to="/runs/$id" params={{ id: run.runId }} className="link font-mono">
          {shortId(run.runId)}
        </Link>
        <StatusMark status={run.status} />
      </p>
      <p className="text-muted">
        {run.workflow} <span className="font-mono">{shortId(run.version)}</span> · <Took row={run} /> ·{" "}
        {formatMoney(run.cost)}
      </p>
    </section>
  );
}

interface Pair {
  readonly path: string;
  readonly a: Step | undefined;
  readonly b: Step | undefined;
}

/** In the order of the first run; what only the second one has comes last. */
function pairsOf(a: Run, b: Run): readonly Pair[] {
  const [inA, inB] = [byPath(a), byPath(b)];
  const paths = new Set([...inA.keys(), ...inB.keys()]);
  return [...paths].map((path) => ({ path, a: inA.get(path), b: inB.get(path) }));
}

function byPath(run: Run): ReadonlyMap<string, Step> {
  return new Map(run.steps.map((step) => [step.path, step]));
}

function isDifferent({ a, b }: Pair): boolean {
  return a?.status !== b?.status || textOf(a?.result?.value) !== textOf(b?.result?.value);
}

const columns: readonly LongColumn<Pair>[] = [
  {
    name: "Step",
    cell: ({ path, a, b }) => (
      <Link
        from="/runs/$a/compare/$b"
        to="/runs/$a/compare/$b"
        search={{ step: path }}
        replace
        resetScroll={false}
        className="link font-mono"
      >
        {path}
        <span className="sr-only">{a && b ? "" : " (in one run only)"}</span>
      </Link>
    ),
  },
  {
    name: "Answer",
    look: "w-36",
    cell: (pair) =>
      isDifferent(pair) ? (
        <strong className="text-warn">≠ differs</strong>
      ) : (
        <span className="text-muted">= the same</span>
      ),
  },
  { name: "A", look: "w-40", cell: ({ a }) => (a ? <StatusMark status={a.status} /> : "–") },
  { name: "B", look: "w-40", cell: ({ b }) => (b ? <StatusMark status={b.status} /> : "–") },
  { name: "Took A", look: "w-28 text-right tabular-nums", cell: ({ a }) => lasted(a) },
  { name: "Took B", look: "w-28 text-right tabular-nums", cell: ({ b }) => lasted(b) },
  { name: "Cost A", look: "w-28 text-right tabular-nums", cell: ({ a }) => costOf(a) },
  { name: "Cost B", look: "w-28 text-right tabular-nums", cell: ({ b }) => costOf(b) },
];

function lasted(step: Step | undefined): string {
  if (!step?.startedAt || !step.endedAt) return "–";
  return formatDuration(Date.parse(step.endedAt) - Date.parse(step.startedAt));
}

function costOf(step: Step | undefined): string {
  const cost = step?.result?.cost;
  return typeof cost === "number" ? formatMoney(cost) : "–";
}

/** One step of both: what it was asked, what it answered, and which versions differ. */
function StepPair({ path, a, b, pair }: { path: string; a: Run; b: Run; pair: Pair }) {
  const [first, second] = [useQuery(stepQuery(a.runId, path)), useQuery(stepQuery(b.runId, path))];
  const [before, after] = [first.data, second.data];
  return (
    <div className="mt-4 grid gap-4 lg:grid-cols-2">
      <Differing title={`Answer of ${path}`} before={pair.a?.result?.value} after={pair.b?.result?.value} />
      {before?.prompt || after?.prompt ? (
        <Differing title={`Prompt of ${path}`} before={before?.prompt} after={after?.prompt} />
      ) : null}
      {before && after ? (
        <Differing
          title={`Versions and parameters of ${path}`}
          before={{ model: before.model, versions: before.versions, parameters: before.parameters }}
          after={{ model: after.model, versions: after.versions, parameters: after.parameters }}
        />
      ) : null}
    </div>
  );
}

function Differing({ title, before, after }: { title: string; before: unknown; after: unknown }) {
  const [from, to] = [textOf(before ?? null), textOf(after ?? null)];
  return (
    <Panel title={title} actions={from === to ? <span className="text-muted">the same in both</span> : null}>
      <div className="p-4">
        {from === to ? (
          <Verbatim label={title}>{from}</Verbatim>
        ) : (
          <Changes label={`${title}: what differs`} before={from} after={to} />
        )}
      </div>
    </Panel>
  );
}
