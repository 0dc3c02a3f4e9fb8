import { z } from "zod";
import {
  InvalidText,
  type JsonObject,
  parseDuration,
  parseMoney,
  parseShare,
  retryClasses,
} from "../base/index.ts";
import type { BlockName } from "./blocks.ts";
import {
  type CachePolicy,
  type ConcurrencyLimit,
  type Degraded,
  type DegradedBounds,
  defaultRetry,
  type RateLimit,
  type RetryPolicy,
  type Targets,
} from "./definition.ts";
import {
  attemptsMax,
  degradedOverDefault,
  degradedOverMax,
  degradedProbeMsDefault,
  limitMax,
  loopTimesMax,
  mapConcurrencyDefault,
  mapConcurrencyMax,
  priorityMax,
} from "./limits.ts";

// The format, as schemas: the loader holds documents against them, and the JSON Schema for editors is
// made of them. Keys are camelCase here; `fit.ts` takes both spellings.

/** A field that is no text may be an expression all the same: `limit: "{{ input.limit }}"`. */
export function expression<T extends z.ZodType>(schema: T): z.ZodUnion<[T, z.ZodString]> {
  return z.union([schema, z.string().regex(/\{\{/).meta({ title: "an expression" })]);
}

/**
 * A length of time in a kind's config: `500ms`, `4h`, a number of seconds, or an expression that gives
 * one. It stays as written; the kind reads it with `parseDuration` once expressions are evaluated.
 */
export function duration(): z.ZodUnion<readonly [z.ZodNumber, z.ZodString]> {
  return z
    .union([
      z.number().nonnegative(),
      z.string().refine((text) => text.includes("{{") || isReadable(parseDuration, text), durationExpected),
    ])
    .meta({ title: durationTitle });
}

const durationTitle = "a duration such as 500ms, 2s, 4h or 1h30m";
const durationExpected = { error: `expected ${durationTitle}` };

function isReadable(parse: (text: string) => number, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidText) return false;
    throw error;
  }
}

/** A number with a unit in the file, a number in base units in the program. Whoever parses says what was expected. */
export function measured<T>(parse: (text: string | number) => T) {
  return z.union([z.string(), z.number()]).transform((written, context) => {
    try {
      return parse(written);
    } catch (error) {
      if (!(error instanceof InvalidText)) throw error;
      const { expected } = error;
      context.addIssue({ code: "custom", message: `expected ${expected}, found ${JSON.stringify(written)}` });
      return z.NEVER;
    }
  });
}

const durationMs = measured(parseDuration).meta({ title: durationTitle });
const dollars = measured(parseMoney).meta({ title: "an amount of money such as $0.01" });
const share = measured(parseShare).meta({ title: "a share such as 70% or 0.7" });

/** The part of a schema's type that is there: drops members that are undefined. */
export function present<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  // The cast only forgets `undefined`, which is what the filter has just taken out.
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as T;
}

const targets = z
  .strictObject({
    automated: share.optional().describe("Share of runs that end without a person."),
    accuracy: share.optional().describe("Share of runs that are right."),
    timeToResultP50: durationMs.optional().describe("Half of the runs end within this time."),
    costMean: dollars.optional().describe("Dollars of one run, on average."),
    reviewMinutesMean: z
      .number()
      .nonnegative()
      .optional()
      .describe("Minutes of people for one run, on average."),
  })
  .transform(
    (written): Targets =>
      present<Targets>({
        automated: written.automated,
        accuracy: written.accuracy,
        timeToResultP50Ms: written.timeToResultP50,
        costMeanUsd: written.costMean,
        reviewMinutesMean: written.reviewMinutesMean,
      }),
  );

const retry = z
  .strictObject({
    attempts: z.int().min(1).max(attemptsMax).default(defaultRetry.attempts).describe("Executions in all."),
    backoff: durationMs.optional().describe("The wait before the second execution."),
    factor: z
      .number()
      .min(1)
      .max(100)
      .default(defaultRetry.factor)
      .describe("Each wait is this many times the last."),
    max: durationMs.optional().describe("The longest wait."),
    on: z
      .array(z.enum(retryClasses))
      .default([...defaultRetry.on])
      .describe("The failures worth another try."),
  })
  .transform(
    ({ attempts, backoff, factor, max, on }): RetryPolicy => ({
      attempts,
      backoffMs: backoff ?? defaultRetry.backoffMs,
      factor,
      maxMs: max ?? defaultRetry.maxMs,
      on,
    }),
  );

const condition = z
  .union([z.boolean(), z.string()])
  .meta({ title: 'a condition such as "{{ input.amount > 100 }}"' });

const limit = z.int().min(1).max(limitMax);
const limitKey = z
  .string()
  .min(1)
  .optional()
  .describe('Counts for each value of this expression apart: "{{ input.tenant }}".');

/** One of something, or a list of them. */
function oneOrMore<T extends z.ZodType>(shape: T) {
  return z.union([z.array(shape).min(1), shape]).transform((written): z.output<T>[] => {
    const list: unknown[] = Array.isArray(written) ? written : [written];
    return list as z.output<T>[];
  });
}

const concurrencyLimit = z
  .strictObject({ limit: limit.describe("So many at once."), key: limitKey })
  .transform((written): ConcurrencyLimit => present<ConcurrencyLimit>(written));
const concurrency = z
  .union([limit.transform((only): ConcurrencyLimit[] => [{ limit: only }]), oneOrMore(concurrencyLimit)])
  .meta({ title: 'a limit such as 10, or { limit: 5, key: "{{ input.tenant }}" }' });

const rate = oneOrMore(
  z
    .strictObject({
      limit: limit.describe("So many may begin …"),
      per: durationMs.describe("… within this time."),
      key: limitKey,
    })
    .transform(({ per, ...written }): RateLimit => present<RateLimit>({ ...written, perMs: per })),
);

const priority = expression(z.number().min(-priorityMax).max(priorityMax)).describe(
  "Higher goes first; a point is worth a minute of waiting.",
);

const degraded = z
  .strictObject({
    when: z
      .strictObject({
        errorRate: share.optional().describe("Share of runs that fail."),
        timeToResultP50: durationMs.optional(),
        costMean: dollars.optional(),
      })
      .transform(
        (written): DegradedBounds =>
          present<DegradedBounds>({
            errorRate: written.errorRate,
            timeToResultP50Ms: written.timeToResultP50,
            costMeanUsd: written.costMean,
          }),
      )
      .optional()
      .describe("Beyond one of these bounds; beyond the targets when absent."),
    over: z.int().min(1).max(degradedOverMax).default(degradedOverDefault).describe("Of the latest runs."),
    use: z
      .union([
        z.enum(["cached", "person"]),
        z.strictObject({ routes: z.record(z.string(), z.string().min(1)) }),
      ])
      .describe("`cached`, `person`, or `{ routes: { NAME: OTHER } }`: what answers meanwhile."),
    probe: durationMs
      .default(degradedProbeMsDefault)
      .describe("After this time a few runs try whether all is well again."),
  })
  .transform(
    ({ when, over, use, probe }): Degraded => present<Degraded>({ when, over, use, probeMs: probe }),
  );

const cache = z
  .union([
    durationMs.transform((forMs): CachePolicy => ({ forMs, share: false })),
    z
      .strictObject({
        for: durationMs.describe("How old an answer may be."),
        share: z.boolean().default(false).describe("Whether tenants see each other's answers."),
      })
      .transform((written): CachePolicy => ({ forMs: written.for, share: written.share })),
  ])
  .meta({ title: "a duration such as 1h, or { for: 1h, share: true }" })
  .describe("The answer to the very same question may be given again.");

const capture = z
  .union([
    z.literal("off"),
    z.strictObject({
      off: z.array(z.string()).min(1).describe("`input`, `input.NAME`, `steps.ID` or `output`."),
    }),
  ])
  .meta({
    title: "off, or { off: [input.NAME, steps.ID] }",
    description: "What is not kept once a run has ended; a hash remains.",
  });

/** Part of the format and not built yet: refused, so that nobody relies on it. */
function notBuilt() {
  return z.never({ error: "is part of the format but not built yet" }).optional();
}

export const idPattern = /^[a-z][a-z0-9_]*$/;
const idTitle = "an id: small letters, digits and _, a letter first";

/** Names of workflows stand in addresses and on command lines. */
export const workflowNamePattern = /^[A-Za-z][A-Za-z0-9._-]{0,99}$/;
const nameTitle = "a name: letters, digits, - and _, a letter first, at most 100";

/** The kinds of trigger; a value says which: `- webhook: tickets`. */
const trigger = z
  .strictObject({
    webhook: z.json().optional(),
    schedule: z.json().optional(),
    event: z.json().optional(),
    file: z.json().optional(),
    mail: z.json().optional(),
  })
  .refine((written) => Object.keys(written).length === 1, {
    error: "expected one trigger in each item of the list",
  })
  .transform((written): JsonObject => present<JsonObject>(written));

/** The members of a workflow beside its steps. */
export const workflowShape = {
  workflow: z
    .string()
    .regex(workflowNamePattern, { error: `expected ${nameTitle}` })
    .meta({ title: nameTitle, description: "Its name." }),
  description: z.string().optional().describe("What it is for, in a sentence."),
  input: z
    .record(z.string(), z.json())
    .optional()
    .describe("A JSON Schema (2020-12) that every input must fit."),
  targets: targets.optional().describe("Its set-points."),
  on: z.array(trigger).optional().describe("What starts it."),
  output: z.json().optional().describe("Its result, with expressions; the last step's value when absent."),
  concurrency: concurrency.optional().describe("Runs worked on at once; a run that waits takes no place."),
  rate: rate.optional().describe("Runs that may begin within a time."),
  priority: priority.optional(),
  expires: durationMs.optional().describe("A run that has not ended this long after its start expires."),
  degraded: degraded.optional().describe("What answers while the workflow is beyond its bounds."),
  capture: capture.optional(),
  budget: dollars
    .optional()
    .describe("What each run may spend on models; a call that does not fit is refused."),
};

/** The members of a step beside its kind. */
export const stepShape = {
  id: z
    .string()
    .regex(idPattern, { error: `expected ${idTitle}` })
    .meta({ title: idTitle, description: "Its name in expressions." }),
  if: condition.optional().describe("The step is skipped unless this holds."),
  needs: z
    .array(z.string())
    .optional()
    .describe("The steps of this block that must be done before; the one above when absent."),
  retry: retry.optional().describe("When and how often a failed execution is tried again."),
  timeout: durationMs.optional().describe("The longest that one execution may take."),
  fallback: z
    .record(z.string(), z.json())
    .optional()
    .describe("One kind, done in its place when it has failed for good."),
  onFailure: z
    .enum(["pause", "fail"])
    .optional()
    .describe("When retries are used up: wait for a person (the default), or fail the run."),
  undo: z
    .record(z.string(), z.json())
    .optional()
    .describe("One kind, which takes back what the step did when the run does not complete."),
  once: z
    .boolean()
    .optional()
    .describe("Never done a second time: for what must not repeat, such as a payment."),
  onUnknown: z
    .enum(["pause", "fail", "review"])
    .optional()
    .describe("With `once`: when nobody knows whether it happened. Pause is the default."),
  concurrency: concurrency.optional().describe("Executions of this step at once, over all runs."),
  rate: rate.optional().describe("Executions of this step that may begin within a time, over all runs."),
  priority: priority.optional(),
  cache: cache.optional(),
  budget: notBuilt(),
};

/** What stands under the key of a block, member by member. `steps` is what a list of steps is here. */
export function blockShapes<Steps extends z.ZodType>(steps: Steps) {
  return {
    map: {
      over: expression(z.array(z.json())).describe("The list."),
      concurrency: z
        .int()
        .min(1)
        .max(mapConcurrencyMax)
        .default(mapConcurrencyDefault)
        .describe("Items under way at once."),
      onItemError: z
        .enum(["fail", "keep"])
        .default("fail")
        .describe("Whether a failed item fails the block, or its error is kept in its place."),
      steps,
    },
    arm: {
      when: condition.optional().describe("The arm is taken when this holds; without it, always."),
      steps,
    },
    loop: {
      until: condition.optional().describe("Ends after the round in which this holds."),
      max: z.int().min(1).max(loopTimesMax).describe("Rounds, at most."),
      steps,
    },
  };
}

/** The blocks as schemas, for the JSON Schema. */
export function blockSchemas(steps: z.ZodType): Record<BlockName, z.ZodType> {
  const shapes = blockShapes(steps);
  return {
    parallel: z.lazy(() => steps).describe("Steps that all start at once. Value: an object by id."),
    map: z
      .strictObject(shapes.map)
      .describe(
        "Steps once for each item of a list, `item` and `index` in scope. Value: the list of results.",
      ),
    branch: z
      .array(z.strictObject(shapes.arm))
      .min(1)
      .describe("The steps of the first arm whose condition holds. Value: the last value of that arm."),
    loop: z
      .strictObject(shapes.loop)
      .describe("Steps again and again, `index` in scope. Value: the last value of the last round."),
  };
}
