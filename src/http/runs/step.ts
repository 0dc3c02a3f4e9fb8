import { FlyballError, isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { type Release, type RunRow, type StepView, viewRun } from "../../core/executor/index.ts";
import { type KindRegistry, kindsAt } from "../../core/workflow/index.ts";
import type { Engine } from "../../engine.ts";
import { NotFound } from "../problem.ts";
import { iso } from "./present.ts";

/** What ran at one step: what was asked, of whom, in which versions, what it cost and how it went. */
export async function showStep(engine: Engine, row: RunRow, path: string) {
  const view = viewRun(row.id, await engine.journal.read(`run/${row.id}`));
  const step = view.steps.find((each) => each.path === path);
  if (!step) {
    const known = view.steps.map((each) => each.path).slice(0, 20);
    throw new NotFound(
      `Run ${row.id} has no step ${JSON.stringify(path)}; it has ${known.join(", ") || "none"}.`,
    );
  }
  const {
    prompt,
    input,
    parameters,
    route,
    attempts: requests,
    cache,
    promptVersion,
    priceVersion,
    ...others
  } = step.trace ?? {};
  const result = step.result ?? {};
  return {
    runId: row.id,
    path,
    kind: step.kind,
    status: step.status,
    startedAt: iso(step.startedAt),
    endedAt: iso(step.endedAt),
    prompt: prompt ?? null,
    input: input ?? null,
    model: result.model ?? null,
    provider: result.provider ?? null,
    parameters: parameters ?? null,
    versions: {
      ...(await versionsOf(engine, row, step)),
      ...promptOf(promptVersion),
      ...priceOf(priceVersion, String(result.model)),
    },
    tokens: result.tokens ?? null,
    cost: result.cost ?? null,
    attempts: step.attempts,
    failures: step.failures.map(({ at, dueAt, ...failure }) => ({
      ...failure,
      at: iso(at),
      dueAt: iso(dueAt),
    })),
    requests: requests ?? null,
    cache: cache ?? null,
    route: route ?? null,
    ...others,
    result: step.result,
    error: step.error,
    waiting: step.waiting,
    erased: step.erased,
  };
}

interface Version {
  readonly name: string;
  readonly digest: string;
  readonly [more: string]: Json;
}

/** What the release pins of what the step names. Of a release that cannot be made here, what the row knows. */
async function versionsOf(
  { releases, kinds }: Engine,
  row: RunRow,
  step: StepView,
): Promise<Readonly<Record<string, Version>>> {
  const own = {
    workflow: { name: row.workflow, digest: row.version },
    release: { name: row.workflow, digest: row.release },
  };
  try {
    return { ...own, ...assetsOf(await releases.load(row.release), kinds, step) };
  } catch (error) {
    if (error instanceof FlyballError) return own;
    throw error;
  }
}

/** By the kind of the asset; a second of one kind is told by its name too. */
function assetsOf(release: Release, kinds: KindRegistry, step: StepView): Readonly<Record<string, Version>> {
  const { definition } = release;
  if (definition.type !== "document") return {};
  const asset = (kind: string, name: string) => release.asset(kind, name);
  const versions: Record<string, Version> = {};
  for (const { kind, config } of kindsAt(definition.workflow.document, step.path)) {
    if (kind !== step.kind) continue;
    for (const named of kinds.get(kind)?.references?.(config, { find: asset }) ?? []) {
      const { name, digest } = asset(named.kind, named.name);
      versions[named.kind in versions ? `${named.kind}/${name}` : named.kind] = { name, digest };
    }
    break;
  }
  return versions;
}

/** The version that was rendered, with its variant: of a flow, which has no document, the only word of it. */
function promptOf(version: Json | undefined): JsonObject {
  return isJsonObject(version) ? { prompt: version } : {};
}

/** The day from which the price holds, where it has one, and a digest of it. */
function priceOf(version: Json | undefined, name: string): JsonObject {
  return typeof version === "string" ? { price: { name, digest: version } } : {};
}
