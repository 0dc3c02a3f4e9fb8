import { type Clock, periodOf } from "../../core/base/index.ts";
import type { ControlStore, SpendingStore, Standing, UseRow } from "../../core/executor/index.ts";
import type { Journal } from "../../core/journal/index.ts";
import type { Registry, RolloutRow } from "../../core/registry/index.ts";
import type { Targets } from "../../core/workflow/index.ts";
import {
  type Budget,
  type Gateway,
  type Ledger,
  limitOf,
  type ModelHealth,
} from "../../models/gateway/index.ts";
import { missedTargets, type WorkflowFigures } from "../figures/index.ts";
import { budgetKeysMax, budgetLevels, rolledBackForMs, targetDays, targetRunsMin } from "./limits.ts";
import type { Condition } from "./state.ts";

export interface ConditionDeps {
  readonly clock: Clock;
  readonly journal: Pick<Journal, "read">;
  readonly control: Pick<ControlStore, "standing" | "spending">;
  readonly registry: Pick<Registry, "store" | "runnableNames" | "runnable" | "production">;
  readonly figures: WorkflowFigures;
  readonly ledger: Pick<Ledger, "budgets">;
  readonly gateway: Pick<Gateway, "models">;
}

/** Everything that holds now and that a person should know. */
export async function conditionsOf(deps: ConditionDeps): Promise<readonly Condition[]> {
  const nowMs = deps.clock.now();
  const standing = deps.control.standing(nowMs);
  const found: Condition[] = [
    ...pausedRuns(standing),
    ...overdueReviews(standing),
    ...deps.gateway.models().flatMap(openCircuit),
    ...deps.ledger.budgets.flatMap((budget) => budgetConditions(budget, deps.control.spending, nowMs)),
  ];
  for (const name of deps.registry.runnableNames()) {
    found.push(...(await degradedMode(name, deps.journal)));
    found.push(...(await missesOf(name, deps)));
  }
  for (const rollout of rolledBackLately(deps.registry.store.rollouts({}), nowMs))
    found.push(...(await rollback(rollout, deps.journal)));
  return found;
}

function pausedRuns({ failures }: Standing): readonly Condition[] {
  return failures.map(({ workflow, code, count, run }) => ({
    kind: "paused",
    cause: `paused/${workflow}/${code}`,
    workflow,
    message: `${count} ${count === 1 ? "run" : "runs"} of ${workflow} ${
      count === 1 ? "is" : "are"
    } ${code === "QUARANTINED" ? "quarantined: each has crashed the engine again and again" : `paused by ${code}`}.`,
    facts: { code, runs: count, run },
  }));
}

function overdueReviews({ reviews }: Standing): readonly Condition[] {
  return reviews.flatMap(({ workflow, overdue, deadline }): Condition[] => {
    if (overdue === 0) return [];
    const message = `${overdue} ${overdue === 1 ? "review" : "reviews"} of ${workflow} ${
      overdue === 1 ? "is" : "are"
    } overdue.`;
    const since = deadline === null ? null : new Date(deadline).toISOString();
    return [{ kind: "review", cause: `review/${workflow}`, workflow, message, facts: { overdue, since } }];
  });
}

/** Half open is not well yet: one call at a time tries whether it is. */
function openCircuit({ name, circuit, failures }: ModelHealth): readonly Condition[] {
  if (circuit === "closed") return [];
  const message = `${name} fails too often: its circuit breaker lets no calls through.`;
  return [
    { kind: "breaker", cause: `breaker/${name}`, workflow: null, message, facts: { model: name, failures } },
  ];
}

function budgetConditions(budget: Budget, spending: SpendingStore, nowMs: number): readonly Condition[] {
  const { name, period } = budget;
  const rows = spending.uses({
    budget: name,
    period: periodOf(period, nowMs).name,
    after: "",
    limit: budgetKeysMax,
  });
  return rows.flatMap((use) => reachedLevels(budget, use));
}

function reachedLevels(budget: Budget, { key, spent, exceeded }: UseRow): Condition[] {
  const { name, by, unit, limit } = budget;
  const most = limitOf(budget);
  const share = exceeded ? Math.max(1, spent / most) : spent / most;
  const of = key === "" ? name : `${name} (${by} ${key})`;
  const shown = unit === "usd" ? `$${limit}` : `${limit} ${unit}`;
  return budgetLevels
    .filter((level) => share >= level)
    .map((level) => ({
      kind: "budget",
      cause: `budget/${name}/${key}/${level * 100}%`,
      workflow: null,
      message:
        level < 1
          ? `${level * 100}% of the budget ${of} is spent, of ${shown}.`
          : `The budget ${of} of ${shown} is used up.`,
      facts: { budget: name, key, spent: Number((spent / most).toFixed(4)), limit, unit },
    }));
}

async function degradedMode(name: string, journal: Pick<Journal, "read">): Promise<readonly Condition[]> {
  const last = (await journal.read(`workflow/${name}`)).at(-1);
  if (last?.type !== "workflow.degraded") return [];
  const message = `${name} is degraded: ${String(last.data?.reason)}.`;
  const facts = { since: new Date(last.at).toISOString() };
  return [{ kind: "degraded", cause: `degraded/${name}`, workflow: name, message, facts }];
}

async function missesOf(name: string, { registry, figures }: ConditionDeps): Promise<readonly Condition[]> {
  const targets = await targetsOf(name, registry);
  if (!targets) return [];
  const { actual } = await figures.of(name, targetDays);
  if (actual.runs < targetRunsMin) return [];
  return missedTargets(targets, actual).map(({ target, wanted, actual: is }) => ({
    kind: "target",
    cause: `target/${name}/${target}`,
    workflow: name,
    message: `${name} misses its target for ${target}: ${is} of ${actual.runs} runs, wanted ${wanted}.`,
    facts: { target, actual: is, wanted, runs: actual.runs },
  }));
}

/** As its production version has them; none of one that could not run now. */
async function targetsOf(name: string, registry: ConditionDeps["registry"]): Promise<Targets | undefined> {
  const line = registry.runnable(name);
  if (line === undefined) return undefined;
  const release = await registry.production(line).catch(() => undefined);
  return release?.definition.type === "document" ? release.definition.workflow.document.targets : undefined;
}

/** Of each line the newest rollout alone: one that has begun since says that somebody has seen it. */
function rolledBackLately(rollouts: readonly RolloutRow[], nowMs: number): readonly RolloutRow[] {
  const newest = [...Map.groupBy(rollouts, ({ line }) => line).values()].flatMap(([first]) => first ?? []);
  return newest.filter(
    ({ status, endedAt }) => status === "rolled_back" && nowMs - (endedAt ?? 0) < rolledBackForMs,
  );
}

/** A person who takes one back knows it; a guard tells. */
async function rollback(
  { id, line, reason }: RolloutRow,
  journal: Pick<Journal, "read">,
): Promise<Condition[]> {
  const ended = (await journal.read(`rollout/${id}`)).find(({ type }) => type === "rollout.rolled_back");
  if (ended?.data?.by !== "guard") return [];
  const message = `A guard has rolled ${line} back: ${reason ?? "no reason is known"}.`;
  return [
    { kind: "rollout", cause: `rollout/${id}`, workflow: null, message, facts: { rollout: id, asset: line } },
  ];
}
