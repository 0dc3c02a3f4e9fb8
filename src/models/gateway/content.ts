import { z } from "zod";
import { assert } from "../../core/base/index.ts";
import type { Asset } from "../../core/workflow/index.ts";
import { candidatesMax } from "./limits.ts";

// What a run pins of models and routes: settings with every name resolved and every unit in base units.
// A route holds its models whole, so that its digest changes with any of them.

/** US dollars per token. */
const price = z.strictObject({ input: z.number(), output: z.number(), cached: z.number().exactOptional() });
export type Price = z.output<typeof price>;

const openaiCompatibleContent = z.strictObject({
  provider: z.string(),
  type: z.literal("openai-compatible"),
  model: z.string(),
  url: z.string(),
  /** The name of the secret, never its value. */
  keySecret: z.string().exactOptional(),
  /** Whether the server holds answers to a JSON Schema; otherwise the schema is told in words. */
  structuredOutputs: z.boolean(),
  price: price.exactOptional(),
});

/** A provider whose protocol and address are its own. */
const hostedContent = z.strictObject({
  provider: z.string(),
  type: z.enum(["openai", "anthropic", "google"]),
  model: z.string(),
  url: z.string(),
  keySecret: z.string(),
  price: price.exactOptional(),
});

const classifierContent = z.strictObject({
  provider: z.literal("local"),
  type: z.literal("classifier"),
  model: z.string(),
  file: z.string(),
  fileSha256: z.string(),
});

const extractiveContent = z.strictObject({
  provider: z.literal("local"),
  type: z.literal("extractive"),
  model: z.string(),
});

const simulatedChange = z.strictObject({
  /** From this call of the model on, counted from 1 in one engine. */
  atCall: z.number(),
  latency: z.strictObject({ p50Ms: z.number(), p95Ms: z.number() }).exactOptional(),
  errorRate: z.number().exactOptional(),
  quality: z.number().exactOptional(),
});

const simulatedContent = z.strictObject({
  provider: z.literal("sim"),
  type: z.literal("sim"),
  model: z.string(),
  price: price.exactOptional(),
  latency: z.strictObject({ p50Ms: z.number(), p95Ms: z.number() }),
  errorRate: z.number(),
  quality: z.number(),
  seed: z.number(),
  labels: z.array(z.json()),
  changes: z.array(simulatedChange),
});

export const modelContent = z.discriminatedUnion("type", [
  openaiCompatibleContent,
  hostedContent,
  classifierContent,
  extractiveContent,
  simulatedContent,
]);
export type ModelContent = z.output<typeof modelContent>;
/** What is asked over the network. */
export type RemoteContent = z.output<typeof openaiCompatibleContent> | z.output<typeof hostedContent>;
export type ClassifierContent = z.output<typeof classifierContent>;
export type ExtractiveContent = z.output<typeof extractiveContent>;
export type SimulatedContent = z.output<typeof simulatedContent>;

export const routeContent = z.strictObject({
  strategy: z.literal("ordered"),
  candidates: z.array(modelContent).min(1).max(candidatesMax),
  /** How long each candidate may take before the next is asked. */
  timeoutMs: z.number().exactOptional(),
});
export type RouteContent = z.output<typeof routeContent>;

const remoteTypes = ["openai-compatible", ...hostedContent.shape.type.options];

export function isRemote(content: ModelContent): content is RemoteContent {
  return remoteTypes.includes(content.type);
}

/** What people call a model: `house/small-1`. */
export function modelName(content: ModelContent): string {
  return `${content.provider}/${content.model}`;
}

/** What a pinned asset asks for: a route as it is, a model as a route of one. */
export function routeOf(asset: Asset): RouteContent {
  const parsed =
    asset.kind === "route"
      ? routeContent.safeParse(asset.content)
      : routeContent.safeParse({ strategy: "ordered", candidates: [asset.content] });
  assert(parsed.success, `the asset ${asset.kind} ${asset.name} has no content that the gateway knows`);
  return parsed.data;
}
