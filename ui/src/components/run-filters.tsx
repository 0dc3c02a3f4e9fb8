import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { type RunFilter, statuses } from "../api/runs.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { runsRoute } from "../router.tsx";
import { runFilterOf } from "../run-filter.ts";
import { Button } from "./basics.tsx";
import { Choice, Field } from "./field.tsx";

/** Which runs: the common choices at hand, the rest behind a word. All of it is the address. */
export function RunFilters() {
  const filter = runFilterOf(runsRoute.useSearch());
  const navigate = useNavigate({ from: "/runs" });
  const { data: workflows } = useQuery(workflowsQuery);
  const choose = (changes: Readonly<Record<string, unknown>>) =>
    navigate({ search: runFilterOf({ ...filter, ...changes }) });
  const names = workflows?.items.map(({ name }) => [name, name] as const) ?? [];
  return (
    <>
      <Choice
        name="Workflow"
        value={filter.workflow ?? ""}
        options={[["", "all"], ...names]}
        onChange={(workflow) => choose({ workflow })}
      />
      <Choice
        name="Status"
        value={filter.status ?? ""}
        options={[["", "all"], ...statuses.map((status) => [status, status] as const)]}
        onChange={(status) => choose({ status })}
      />
      <More key={JSON.stringify(filter)} filter={filter} onApply={choose} />
    </>
  );
}

const more = ["q", "tag", "costMin", "costMax", "from", "to"] as const;

function More({
  filter,
  onApply,
}: {
  filter: RunFilter;
  onApply: (changes: Readonly<Record<string, unknown>>) => void;
}) {
  const used = more.filter((name) => filter[name] !== undefined).length;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { tag, ...rest } = Object.fromEntries(new FormData(event.currentTarget));
    onApply({ ...rest, tag: String(tag).split(/\s+/) });
  };
  const clear = () => onApply(Object.fromEntries(more.map((name) => [name, undefined])));
  return (
    <details className="relative">
      <summary className="inline-flex min-h-8 cursor-pointer list-none items-center rounded-md border border-line bg-panel px-3 py-1 font-medium hover:bg-raised">
        More filters{used > 0 ? ` (${used})` : ""}
      </summary>
      <form
        onSubmit={submit}
        className="absolute right-0 z-10 mt-1 w-80 max-w-[90vw] space-y-3 rounded-md border border-line bg-panel p-4 shadow-xl max-sm:right-auto max-sm:left-0"
      >
        <Field
          title="Text"
          note="In a run's id, error or tags"
          type="search"
          name="q"
          defaultValue={filter.q}
        />
        <Field
          title="Tags"
          placeholder="tenant=acme feature=chat"
          name="tag"
          defaultValue={filter.tag?.join(" ")}
        />
        <div className="grid grid-cols-2 gap-3">
          <Field title="Cost from ($)" inputMode="decimal" name="costMin" defaultValue={filter.costMin} />
          <Field title="Cost to ($)" inputMode="decimal" name="costMax" defaultValue={filter.costMax} />
          <Field title="Started from" type="date" name="from" defaultValue={filter.from?.slice(0, 10)} />
          <Field title="Started before" type="date" name="to" defaultValue={filter.to?.slice(0, 10)} />
        </div>
        <div className="flex gap-2">
          <Button type="submit" look="primary">
            Apply
          </Button>
          <Button onClick={clear} disabled={used === 0}>
            Clear
          </Button>
        </div>
      </form>
    </details>
  );
}
