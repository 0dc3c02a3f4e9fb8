import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Mined } from "flyball/client";
import { lazy, Suspense, useMemo, useState } from "react";
import { logAddress, type MiningQuery, miningQuery } from "../api/mining.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { Command, Empty, Loading, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { Choice, Days } from "../components/field.tsx";
import { MapFigures } from "../components/map-figures.tsx";
import { MapTables } from "../components/map-tables.tsx";
import { MapVariants } from "../components/map-variants.tsx";
import { NothingServed } from "../components/nothing-served.tsx";
import { Tabs } from "../components/tabs.tsx";
import { formatDuration, formatMoment } from "../format.ts";
import { type Measure, mapOf, measures } from "../process-map.ts";
import { mapRoute } from "../router.tsx";

const ProcessGraph = lazy(() => import("../components/process-graph.tsx"));

/** How runs of a workflow really went: what follows what, where the time and the money go. */
export function MapPage() {
  const { workflow: asked, ...rest } = mapRoute.useSearch();
  const workflows = useQuery(workflowsQuery);
  const names = workflows.data?.items.map(({ name }) => name) ?? [];
  const workflow = asked ?? names[0];
  const query = { ...(workflow ? { workflow } : {}), ...rest };
  return (
    <>
      <PageTitle
        title="Process map"
        note="How runs really went, from the journal; days are UTC"
        actions={<Filters query={query} names={names} />}
      />
      {workflows.error ? <Problem error={workflows.error} /> : null}
      {workflows.data && !workflow ? <NothingServed /> : null}
      {workflow ? <Mining key={workflow} query={query} /> : null}
    </>
  );
}

function Filters({ query, names }: { query: MiningQuery; names: readonly string[] }) {
  const navigate = mapRoute.useNavigate();
  const { workflow = "", activity = "path" } = query;
  const change = (changes: MiningQuery) => navigate({ search: (before) => ({ ...before, ...changes }) });
  const offered = names.includes(workflow) ? names : [workflow, ...names];
  return (
    <>
      <Choice
        name="Workflow"
        value={workflow}
        options={offered.map((name) => [name, name])}
        onChange={(chosen) => change({ workflow: chosen })}
      />
      <Choice
        name="Activities"
        value={activity}
        options={[
          ["path", "steps"],
          ["kind", "kinds of step"],
        ]}
        onChange={(chosen) => change({ activity: chosen === "kind" ? "kind" : "path" })}
      />
      <Days period={query} onChange={(end, day) => change({ [end]: day })} />
    </>
  );
}

function Mining({ query }: { query: MiningQuery }) {
  const { data: mined, error } = useQuery(miningQuery(query));
  if (error) return <Problem error={error} />;
  if (!mined) return <Loading lines={12} />;
  if (mined.cases === 0) return <NothingMined query={query} />;
  return <Shown mined={mined} query={query} />;
}

function Shown({ mined, query }: { mined: Mined; query: MiningQuery }) {
  const [measure, setMeasure] = useState<Measure>("frequency");
  const [share, setShare] = useState(1);
  const [pointed, setPointed] = useState<string>();
  const [chosen, setChosen] = useState<string>();
  const [way, setWay] = useState<readonly string[]>();
  const map = useMemo(() => mapOf(mined, share), [mined, share]);
  return (
    <div className="space-y-4">
      <Summary mined={mined} query={query} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <Panel
          title="What follows what"
          actions={<Tabs label="Shown" options={measures} value={measure} onChange={setMeasure} />}
        >
          <Share share={share} shown={map.variants.length} mined={mined} onChange={setShare} />
          <a href="#map-tables" className="sr-only focus:not-sr-only focus:px-4">
            Skip the drawing: the same as tables
          </a>
          <Suspense fallback={<Loading lines={12} />}>
            <ProcessGraph
              map={map}
              measure={measure}
              way={way}
              chosen={chosen}
              onPoint={setPointed}
              onChoose={(id) => setChosen((before) => (before === id ? undefined : id))}
            />
          </Suspense>
          <Legend measure={measure} />
        </Panel>
        <div className="space-y-4">
          <MapFigures map={map} id={pointed ?? chosen} />
          <MapVariants variants={mined.topVariants} all={mined.variants} way={way} onChoose={setWay} />
        </div>
      </div>
      <MapTables mined={mined} map={map} />
    </div>
  );
}

function Summary({ mined, query }: { mined: Mined; query: MiningQuery }) {
  const { cases, variants, caseDuration, firstAt, lastAt, notes } = mined;
  return (
    <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
      <p>
        <strong>{cases.toLocaleString("en")}</strong> {cases === 1 ? "run" : "runs"}, which went{" "}
        <strong>{variants.toLocaleString("en")}</strong> {variants === 1 ? "way" : "ways"}
        {caseDuration ? `; half of them took less than ${formatDuration(caseDuration.medianMs)}` : ""}
        {firstAt && lastAt ? (
          <span className="text-muted">
            ; {formatMoment(firstAt)} to {formatMoment(lastAt)}
          </span>
        ) : null}
      </p>
      <p className="flex gap-3">
        <span className="text-muted">As an event log:</span>
        {(["xes", "csv"] as const).map((format) => (
          <a
            key={format}
            href={logAddress(query, format)}
            download={`${query.workflow}.${format}`}
            className="link"
          >
            {format.toUpperCase()}
          </a>
        ))}
      </p>
      {notes.length > 0 ? <p className="basis-full text-muted">{notes.join(" ")}</p> : null}
    </div>
  );
}

/** How much of what happened is drawn, the most frequent ways first. */
function Share({
  share,
  shown,
  mined: { variants, topVariants },
  onChange,
}: {
  share: number;
  shown: number;
  mined: Mined;
  onChange: (share: number) => void;
}) {
  const percent = Math.round(share * 100);
  const listed = share >= 1 ? variants : shown;
  return (
    <label className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
      <span className="text-muted">Runs shown, by the most frequent ways</span>
      <input
        type="range"
        min={5}
        max={100}
        step={5}
        value={percent}
        onChange={({ target }) => onChange(Number(target.value) / 100)}
        aria-valuetext={`${percent}% of the runs`}
        className="w-40 accent-accent"
      />
      <span className="tabular-nums">
        {percent}%: {listed.toLocaleString("en")} of {variants.toLocaleString("en")}{" "}
        {variants === 1 ? "way" : "ways"}
      </span>
      {share < 1 && shown === topVariants.length && variants > shown ? (
        <span className="text-muted">Rarer ways are told one by one no more.</span>
      ) : null}
    </label>
  );
}

function Legend({ measure }: { measure: Measure }) {
  return (
    <p className="border-line border-t px-4 py-2 text-muted">
      {measure === "frequency" ? "How often one followed the other. " : null}
      {measure === "cost" ? "What the later one cost, in all. " : null}
      {measure !== "frequency" && measure !== "cost"
        ? "The mean, for the one that it leads to; no figure where none is known. "
        : null}
      <span className="whitespace-nowrap text-warn">! bottleneck</span>: a tenth of all time or more is waited
      there. <span className="whitespace-nowrap">↻ again</span>: done more than once in a run.
    </p>
  );
}

function NothingMined({ query: { workflow = "", from, to } }: { query: MiningQuery }) {
  return (
    <Panel>
      <Empty title={from || to ? "Nothing ran in these days." : `${workflow} has not run yet.`}>
        <p>
          Each run draws its way here by itself: which steps follow which, how often, how long and for how
          much. Start one on{" "}
          <Link to="/workflows/$name" params={{ name: workflow }} className="link">
            its page
          </Link>
          , or many at once with <Command>{`flyball run ${workflow}.yaml --input cases.csv`}</Command>. The
          log of another system is mined with <Command>flyball mine FILE</Command>.
        </p>
      </Empty>
    </Panel>
  );
}
