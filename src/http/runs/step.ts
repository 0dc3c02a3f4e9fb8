import type { z } from "zod";
import { FlyballError, type Json } from "../../core/base/index.ts";
import { type Release, type RunRow, type StepView, viewRun } from "../../core/executor/index.ts";
import { type KindRegistry, kindsAt } from "../../core/workflow/index.ts";
import type { Engine } from "../../engine.ts";
import { NotFound } from "../problem.ts";
import { iso } from "./present.ts";
import { stepVersion, traced } from "./schema.ts";

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
    cachedFrom,
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
    prompt: toldAs(traced().prompt, prompt),
    input: input ?? null,
    model: toldAs(traced().model, result.model),
    provider: toldAs(traced().provider, result.provider),
    parameters: toldAs(traced().parameters, parameters),
    versions: {
      ...(await versionsOf(engine, row, step)),
      ...promptOf(promptVersion),
      ...priceOf(priceVersion, String(result.model)),
    },
    tokens: toldAs(traced().tokens, result.tokens),
    cost: toldAs(traced().cost, result.cost),
    attempts: step.attempts,
    failures: step.failures.map(({ at, dueAt, ...failure }) => ({
      ...failure,
      at: iso(at),
      dueAt: iso(dueAt),
    })),
    requests: toldAs(traced().requests, requests),
    cache: toldAs(traced().cache, cache),
    cachedFrom: toldAs(traced().cachedFrom, cachedFrom),
    route: toldAs(traced().route, route),
    ...others,
    result: step.result,
    error: step.error,
    waiting: step.waiting,
    erased: step.erased,
  };
}

/** A kind of the user's own may write anything under the same name. */
function toldAs<T>(shape: z.ZodType<T>, value: Json | undefined): T | null {
  return isShaped(shape, value) ? value : null;
}

function isShaped<T>(shape: z.ZodType<T>, value: unknown): value is T {
  return shape.safeParse(value).success;
}

type Version = z.output<ReturnType<typeof stepVersion>>;

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
function promptOf(version: Json | undefined): Readonly<Record<string, Version>> {
  return isShaped(stepVersion(), version) ? { prompt: version } : {};
}

/** The day from which the price holds, where it has one, and a digest of it. */
function priceOf(version: Json | undefined, name: string): Readonly<Record<string, Version>> {
  return typeof version === "string" ? { price: { name, digest: version } } : {};
}
