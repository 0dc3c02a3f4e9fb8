import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import type { JsonObject } from "../base/index.ts";
import type { Asset, AssetSource } from "./assets.ts";
import { WorkflowInvalid } from "./errors.ts";
import { duration, expression } from "./fields.ts";
import type { Effect, StepKind } from "./kind.ts";
import { kindRegistry } from "./kinds.ts";
import { type LoadedWorkflow, type LoadOptions, loadWorkflow } from "./load.ts";

// Kinds and assets for the tests of this folder: the shapes of real ones, without what they do.

interface FakeKind extends Partial<StepKind> {
  readonly name: string;
  readonly config: z.ZodType;
}

function fakeKind({ effect, ...members }: FakeKind): StepKind {
  return {
    summary: `A ${members.name} for tests.`,
    fields: [],
    callsOut: false,
    execute: (config) => ({ result: { value: config } }),
    ...members,
    effect: effect ?? (() => "none"),
  };
}

const inference = fakeKind({
  name: "inference",
  config: z.strictObject({
    prompt: z.union([z.string(), z.strictObject({ text: z.string(), system: z.string().optional() })]),
    route: z.string().optional(),
    model: z.string().optional(),
    input: z.record(z.string(), z.json()).optional(),
    output: z.record(z.string(), z.json()).optional(),
    maxTokens: expression(z.int().min(1)).optional(),
    temperature: expression(z.number().min(0).max(2)).optional(),
  }),
  fields: ["confidence", "model", "cost"],
  callsOut: true,
  effect: () => "read",
  references: ({ prompt, route }) => [
    ...(typeof prompt === "string" ? [{ kind: "prompt", name: prompt, path: ["prompt"] }] : []),
    ...(typeof route === "string" ? [{ kind: "route", name: route, path: ["route"] }] : []),
  ],
});

const retrieval = fakeKind({
  name: "retrieval",
  config: z.strictObject({
    index: z.string(),
    query: z.string(),
    limit: expression(z.int().min(1).max(100)).default(5),
  }),
  fields: ["documents"],
  effect: () => "read",
  references: ({ index }) => [{ kind: "index", name: String(index), path: ["index"] }],
});

const transform = fakeKind({ name: "transform", config: z.strictObject({ value: z.json() }) });

const humanReview = fakeKind({
  name: "human_review",
  config: z.strictObject({
    draft: z.json(),
    evidence: z.json().optional(),
    confidence: expression(z.number()).optional(),
    below: expression(z.number().min(0).max(1)).optional(),
    when: z.string().optional(),
    assign: z.string().optional(),
    within: duration().optional(),
    onReject: z.enum(["end", "continue"]).default("end"),
  }),
  fields: ["decision", "reviewer"],
});

const http = z.strictObject({
  method: z.enum(["GET", "POST"]).default("GET"),
  url: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.json().optional(),
});

const tool = fakeKind({
  name: "tool",
  config: z.strictObject({ name: z.string().optional(), input: z.json().optional(), http: http.optional() }),
  fields: ["status"],
  callsOut: true,
  effect: (config): Effect => ((config.http as JsonObject | undefined)?.method === "GET" ? "read" : "write"),
  check: (config) =>
    (config.name === undefined) === (config.http === undefined)
      ? [{ path: [], message: "expected either `name` or `http`" }]
      : [],
});

const script = fakeKind({
  name: "script",
  config: z.strictObject({ js: z.string(), input: z.json().optional() }),
  raw: ["js"],
  runsUserCode: true,
});

const qualityCheck = fakeKind({
  name: "quality_check",
  config: z.strictObject({
    value: z.json(),
    rules: z.array(z.strictObject({ name: z.string(), holds: z.string() })),
  }),
  fields: ["passed"],
  lazy: { rules: ["value", "checked"] },
});

/** Zod's ordinary objects drop what they do not know; the loader must not. */
const emit = fakeKind({
  name: "emit",
  config: z.object({ event: z.string(), data: z.json().optional() }),
  effect: () => "write",
});

export const kinds = kindRegistry([
  inference,
  retrieval,
  transform,
  humanReview,
  tool,
  script,
  qualityCheck,
  emit,
]);

const known: Readonly<Record<string, readonly string[]>> = {
  prompt: ["classify-intent", "draft-reply"],
  route: ["intent", "drafting"],
  index: ["help-center"],
};

export const assets: AssetSource = {
  find(kind, name): Asset | undefined {
    if (name === "broken")
      throw new WorkflowInvalid([
        { file: "prompts/broken.yaml", line: 3, column: 1, message: "no messages" },
      ]);
    return known[kind]?.includes(name)
      ? { kind, name, digest: `digest of ${name}`, content: { name } }
      : undefined;
  },
  names: (kind) => known[kind] ?? [],
};

export function load(text: string, options: Partial<LoadOptions> = {}): LoadedWorkflow {
  return loadWorkflow({ kinds, assets, file: "flow.yaml", ...options, text });
}

/** The problems of a text as `line:column message`. */
export function problemsOf(text: string, options: Partial<LoadOptions> = {}): readonly string[] {
  try {
    load(text, options);
    return [];
  } catch (error) {
    if (!(error instanceof WorkflowInvalid)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

/** The workflow of the design's chapter on the format. */
export const supportTriage = `workflow: support-triage
description: Answer routine customer messages; give a person the rest.
input:
  type: object
  required: [message]
  properties: { message: { type: string, maxLength: 8000 }, customer: { type: string } }
targets: { automated: 70%, accuracy: 95%, time_to_result_p50: 2s, cost_mean: $0.01 }
on:
  - webhook: tickets
steps:
  - id: intent
    inference: { prompt: classify-intent, route: intent, input: { text: "{{ input.message }}" } }
  - id: similar
    retrieval: { index: help-center, query: "{{ input.message }}", limit: 3 }
  - id: draft
    inference: { prompt: draft-reply, route: drafting, input: { message: "{{ input.message }}", sources: "{{ similar.documents }}" } }
  - id: approval
    human_review:
      draft: "{{ draft.value }}"
      evidence: "{{ similar.documents }}"
      confidence: "{{ intent.confidence }}"
      below: 0.85
      when: "{{ intent.value in ['refund', 'fraud'] }}"
      assign: support
      within: 4h
  - id: send
    tool: { name: reply, input: { to: "{{ input.customer }}", body: "{{ approval.value }}" } }
output: { intent: "{{ intent.value }}", reply: "{{ approval.value }}" }
`;

/** A workflow of these lines of steps; the first stands in line 3. */
export const steps = (...lines: string[]) => ["workflow: w", "steps:", ...lines, ""].join("\n");

/** A right step, to stand beside something wrong. */
export const right = "  - { id: a, transform: { value: 1 } }";

export type Mistake = readonly [text: string, ...problems: string[]];

/** One test for each text: exactly these problems, as `line:column message`. */
export function mistakeTable(name: string, mistakes: readonly Mistake[]): void {
  for (const [text, ...problems] of mistakes)
    test(`${name}: ${text.replace("workflow: w\nsteps:\n", "").trim().replaceAll("\n", " ⏎ ")}`, () => {
      assert.deepEqual(problemsOf(text), problems);
    });
}
