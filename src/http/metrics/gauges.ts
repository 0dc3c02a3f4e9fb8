import { periodOf } from "../../core/base/index.ts";
import { shownAmount } from "../../core/executor/index.ts";
import type { Family, Sample } from "../../core/metrics/index.ts";
import type { Engine } from "../../engine.ts";
import { counter, gauge } from "./process.ts";

/** What is so now, asked when somebody wants to know. */
export function gauges(engine: Engine): readonly Family[] {
  return [
    ...openFamilies(engine),
    ...modelFamilies(engine),
    ...budgetFamilies(engine),
    ...journalFamilies(engine),
  ];
}

function openFamilies({ control, clock }: Engine): readonly Family[] {
  const nowMs = clock.now();
  const { runs, reviews, due } = control.standing(nowMs);
  const byWorkflow = (of: (row: (typeof reviews)[number]) => number) =>
    reviews.map((row) => ({ labels: { workflow: row.workflow }, value: of(row) }));
  const dueForMs = due.oldestAt === null ? 0 : nowMs - due.oldestAt;
  return [
    family(
      "flyball_runs",
      "Runs that have not ended, by status.",
      runs.map(({ workflow, status, count }) => ({ labels: { workflow, status }, value: count })),
    ),
    family(
      "flyball_reviews_open",
      "Reviews that wait for a person.",
      byWorkflow(({ open }) => open),
    ),
    family(
      "flyball_reviews_overdue",
      "Those whose deadline has passed.",
      byWorkflow(({ overdue }) => overdue),
    ),
    gauge("flyball_timers_due", "Runs whose timer has rung and that were not taken up yet.", due.count),
    gauge("flyball_timer_due_seconds", "How long the first of them is due.", dueForMs / 1_000),
  ];
}

const circuits = ["closed", "half_open", "open"] as const;

function modelFamilies({ gateway }: Engine): readonly Family[] {
  const models = gateway.models().map((model) => ({ ...model, labels: modelLabels(model.name) }));
  const routes = gateway.routes().map((route) => ({ ...route, labels: { route: route.name } }));
  return [
    family(
      "flyball_model_answers_total",
      "Requests that a model has answered.",
      models.map(({ labels, answers }) => ({ labels, value: answers })),
      "counter",
    ),
    family(
      "flyball_model_failures_total",
      "Requests that failed.",
      models.map(({ labels, failures }) => ({ labels, value: failures })),
      "counter",
    ),
    family(
      "flyball_model_retries_total",
      "Requests that the gateway made again.",
      models.map(({ labels, retries }) => ({ labels, value: retries })),
      "counter",
    ),
    family(
      "flyball_model_circuit",
      "1 for the state that the model's circuit breaker is in.",
      models.flatMap(({ labels, circuit }) =>
        circuits.map((state) => ({ labels: { ...labels, state }, value: circuit === state ? 1 : 0 })),
      ),
    ),
    family(
      "flyball_route_calls_total",
      "Calls that came by a route.",
      routes.map(({ labels, calls }) => ({ labels, value: calls })),
      "counter",
    ),
    family(
      "flyball_route_failures_total",
      "Those that nobody answered.",
      routes.map(({ labels, failures }) => ({ labels, value: failures })),
      "counter",
    ),
    family(
      "flyball_route_cache_hits_total",
      "Those that were answered from the cache.",
      routes.map(({ labels, cacheHits }) => ({ labels, value: cacheHits })),
      "counter",
    ),
  ];
}

/** `provider/name`; a model's own name may have slashes in it. */
function modelLabels(name: string) {
  const slash = name.indexOf("/");
  return { provider: name.slice(0, Math.max(0, slash)), model: name.slice(slash + 1) };
}

/** Of all keys together: a key may be a tenant, and has no place in a label. */
function budgetFamilies({ ledger, control, clock }: Engine): readonly Family[] {
  const rows = ledger.budgets.map(({ name, unit, limit, period }) => {
    const { reserved, spent } = control.spending.taken({
      budget: name,
      period: periodOf(period, clock.now()).name,
    });
    const labels = { budget: name, unit };
    return { labels, limit, reserved: shownAmount(unit, reserved), spent: shownAmount(unit, spent) };
  });
  const of = (value: "limit" | "reserved" | "spent") =>
    rows.map((row) => ({ labels: row.labels, value: row[value] }));
  return [
    family("flyball_budget_limit", "What may be taken in a period, by each key of the budget.", of("limit")),
    family("flyball_budget_reserved", "Held back for calls under way, of all keys.", of("reserved")),
    family("flyball_budget_spent", "Spent in the present period, by all keys.", of("spent")),
  ];
}

function journalFamilies({ journal }: Engine): readonly Family[] {
  const head = journal.lastSeal();
  return [
    gauge("flyball_journal_position", "Events in the journal.", journal.lastPosition()),
    counter("flyball_journal_seals_total", "Seals of the journal, of all times.", head ? head.index + 1 : 0),
    gauge("flyball_journal_sealed_position", "The last event under a seal.", head?.to ?? 0),
  ];
}

function family(
  name: string,
  help: string,
  samples: readonly Sample[],
  type: Family["type"] = "gauge",
): Family {
  return { name, help, type, samples };
}
