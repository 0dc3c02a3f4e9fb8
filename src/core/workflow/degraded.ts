import type { AssetSource } from "./assets.ts";
import { innerBlocks } from "./blocks.ts";
import type { DegradedBounds, StepDocument, WorkflowDocument } from "./definition.ts";
import type { KindRegistry } from "./kinds.ts";

/** What tells which routes steps name: some are named by their prompts. */
interface Pinned {
  readonly kinds: KindRegistry;
  readonly assets: Pick<AssetSource, "find">;
}

/** The routes of a workflow, each with the one that takes its place in degraded mode. Empty where none does. */
export function alternativesOf(
  { degraded, steps }: WorkflowDocument,
  pinned: Pinned,
): Readonly<Record<string, string>> {
  if (!degraded) return {};
  const { use } = degraded;
  if (typeof use !== "string") return use.routes;
  return Object.fromEntries(routesOf(steps, pinned).map((name) => [name, use]));
}

/** Beyond which of these a workflow is degraded. The targets say it where `when` does not. */
export function degradedBounds({ degraded, targets }: WorkflowDocument): DegradedBounds {
  if (degraded?.when) return degraded.when;
  const { accuracy, timeToResultP50Ms, costMeanUsd } = targets ?? {};
  return {
    ...(accuracy === undefined ? {} : { errorRate: 1 - accuracy }),
    ...(timeToResultP50Ms === undefined ? {} : { timeToResultP50Ms }),
    ...(costMeanUsd === undefined ? {} : { costMeanUsd }),
  };
}

export function degradedProblems(
  document: WorkflowDocument,
  pinned: Pinned,
): readonly { readonly path: readonly string[]; readonly message: string }[] {
  const routes = routesOf(document.steps, pinned);
  const problems: { path: string[]; message: string }[] = [];
  if (Object.keys(degradedBounds(document)).length === 0)
    problems.push({ path: ["when"], message: "expected a bound, here or among the `targets`" });
  const replaced = Object.keys(alternativesOf(document, pinned));
  if (replaced.length === 0)
    problems.push({
      path: ["use"],
      message: "the steps name no route that something could take the place of",
    });
  for (const name of replaced)
    if (!routes.includes(name))
      problems.push({
        path: ["use", "routes", name],
        message: `no step names the route \`${name}\`; they name ${routes.join(", ") || "none"}`,
      });
  return problems;
}

function routesOf(steps: readonly StepDocument[], { kinds, assets }: Pinned): readonly string[] {
  const names = steps.flatMap((step) => [
    ...[step, step.fallback]
      .flatMap((work) => (work ? (kinds.get(work.kind)?.references?.(work.config, assets) ?? []) : []))
      .flatMap(({ kind, name }) => (kind === "route" ? [name] : [])),
    ...innerBlocks(step).flatMap((inner) => routesOf(inner.steps, { kinds, assets })),
  ]);
  return [...new Set(names)];
}
